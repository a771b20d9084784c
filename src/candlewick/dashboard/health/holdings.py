"""How much lies where, and for how long there is room: the lake, the warehouse's file, the mart and its tables."""

from datetime import timedelta

from candlewick.config import Settings
from candlewick.dashboard.markup import Html, table
from candlewick.errors import MartNotReadyError
from candlewick.mart.reader import Mart
from candlewick.process.disk import Place, in_words

_CENTURY = timedelta(days=36_525)


def holdings(settings: Settings, places: list[Place]) -> list[Place]:
    """The places of a report, and the mart's tables, of which it is made."""
    try:
        tables = Mart(settings.mart_path).current().tables
    except MartNotReadyError:
        return places
    return places + [
        Place(name.upper(), "in the mart", sum(file.bytes for file in each.files), None, len(each.files), each.rows)
        for name, each in sorted(tables.items())
    ]


def holdings_html(places: list[Place]) -> Html:
    """A row per place."""
    head = ("place", "where", "files", "rows", "size", "a day", "disk full in")
    return table(
        head,
        [
            (
                place.name,
                place.where,
                _number(place.files),
                _number(place.rows),
                _size(place.size),
                _size(place.a_day),
                _days(place.days_to_full),
            )
            for place in places
        ],
    )


def _number(number: int | None) -> str:
    return "–" if number is None else f"{number:,}"


def _size(number: int | None) -> str:
    return "–" if number is None else in_words(number)


def _days(days: float | None) -> str:
    return "–" if days is None else "a century or more" if days > _CENTURY.days else f"{days:,.0f} days"
