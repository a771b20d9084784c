"""How much lies where, and for how long there is room. It costs the same however much there is: nothing is counted."""

from typing import Any

from candlewick.config import Settings
from candlewick.errors import MartNotReadyError
from candlewick.mart.reader import Mart
from candlewick.process.disk import Place, disk_of, in_words, with_days_to_full


def places_of(settings: Settings, recorder: dict[str, Any]) -> list[Place]:
    """Return the places; `recorder` is its beat, which knows the sums of the lake."""
    lake = recorder.get("lake", {})
    found = [Place("lake", settings.lake_url, lake.get("bytes"), lake.get("bytes_a_day"), lake.get("objects"))]
    found += _of_warehouse(settings)
    return with_days_to_full(found, {place.where: disk_of(place.where) for place in found})


def _of_warehouse(settings: Settings) -> list[Place]:
    try:
        version = Mart(settings.mart_path).current()
    except MartNotReadyError:
        return []
    share, a_day = version.newest_day()
    files = [file for table in version.tables.values() for file in table.files]
    mart = Place("mart", str(settings.mart_path), sum(file.bytes for file in files), a_day, len(files))
    if not settings.duckdb_path.exists():
        return [mart]
    size = settings.duckdb_path.stat().st_size
    found = [Place("DuckDB file", str(settings.duckdb_path), size, round(size * share), 1), mart]
    sealed = [file for table in version.tables.values() for file in table.sealed]
    if sealed and "://" in settings.lake_url:
        where = str(settings.copies_path)
        found.append(Place("copies of sealed days", where, sum(file.bytes for file in sealed), None, len(sealed)))
    return found


def shown(found: list[Place]) -> list[str]:
    """Return what people are shown of places: a line, or none where nothing is known."""
    known = [place for place in found if place.size is not None]
    if not known:
        return []
    held = ", ".join(f"{place.name} {in_words(place.size or 0)}{_growth(place.a_day)}" for place in known)
    days = min((place.days_to_full for place in known if place.days_to_full is not None), default=None)
    return [f"bytes held        {held}" + ("" if days is None else f"; the disk is full in {days:,.0f} days")]


def _growth(a_day: int | None) -> str:
    return f" (+{in_words(a_day)} a day)" if a_day else ""
