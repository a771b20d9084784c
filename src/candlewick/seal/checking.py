"""`candlewick audit --lake`, of sealed days: are they all there, as certified, and does each follow the one before?

That a day was sealed is told elsewhere, too: in the certificate after it, and in a note for whoever reads the lake.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from rich.markup import escape

from candlewick.config import Settings
from candlewick.errors import ObjectMissingError, TornObjectError
from candlewick.lake import names
from candlewick.lake.objects import Lake
from candlewick.lake.sealed import file
from candlewick.lake.sealed.columns import spans_of
from candlewick.lake.sealed.day import column
from candlewick.lake.sealed.reference import RECORDER
from candlewick.seal import signing, verify
from candlewick.seal.certificate import Certificate
from candlewick.seal.merkle import Tree, leaves
from candlewick.seal.seals import Seals
from candlewick.spans import Spans


@dataclass
class SealsVerdict:
    """What was looked at, and what is wrong with it, a line each."""

    days: int = 0
    trades: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Whether each sealed day is what was certified."""
        return not self.problems


def run(settings: Settings, advance: Callable[[int, int], None]) -> SealsVerdict:
    """Read every sealed day of a lake; `advance` takes how many were read, and how many there are.

    Raises `LakeError` where the lake cannot be read.
    """
    seals = Seals(Lake.open(settings.lake_url, settings.prefix, settings.s3))
    named = [(symbol, day) for symbol in seals.symbols() for day in seals.days(symbol)]
    told = _told(seals.lake)
    verdict, before = SealsVerdict(), None
    for number, (symbol, day) in enumerate(named):
        try:
            certificate = seals.certificate(symbol, day)
            _check(seals, certificate, before if before and before.symbol == symbol else None)
            verdict.trades += certificate.body["count"]
            if previous := certificate.body["previous"]:
                told.setdefault((symbol, date.fromisoformat(previous["day"])), f"the certificate of {day}")
            before = certificate
        except (TornObjectError, ObjectMissingError) as error:
            verdict.problems.append(str(error))
        verdict.days += 1
        advance(number + 1, len(named))
    gone = sorted(told.keys() - set(named))
    verdict.problems += [
        f"{symbol} {day}: {told[symbol, day]} says that it is sealed, and it has no certificate" for symbol, day in gone
    ]
    return verdict


def _told(lake: Lake) -> dict[tuple[str, date], str]:
    """Return the days that notes say are sealed, with the name of one that does. Raises `LakeError`."""
    told: dict[tuple[str, date], str] = {}
    for item in lake.list_all():
        parsed = names.parse(item.name)
        if parsed is not None and parsed.recorder == RECORDER and parsed.kind == "stream":
            for note in lake.read_text(item.name).manifest.days:
                if note.state == "sealed":
                    told[note.symbol, date.fromisoformat(note.day)] = item.name
    return told


def _check(seals: Seals, certificate: Certificate, before: Certificate | None) -> None:
    """See that a day is what its certificate says. Raises `TornObjectError`, `ObjectMissingError`."""
    body = certificate.body
    where = f"{certificate.symbol} {certificate.day}"
    signing.check(certificate)
    verify.check_minutes(report := verify.Report(), body, None, None)
    if report.problems:
        raise TornObjectError(f"{where}: {report.problems[0]}")
    seals.evidence(certificate)
    ids, tree = Spans(), Tree()
    for sealed in file.parts(seals.content(certificate), body["file"]["name"]):
        ids.update(spans_of(column(sealed.trades, "trade_id")))
        tree.add(leaves(sealed.trades, sealed.places))
    lacking = ids.missing(body["first_id"], body["last_id"])
    if lacking := lacking.without(Spans((each["first"], each["last"]) for each in body["declared"])):
        raise TornObjectError(f"{where}: {lacking.count:,} trade ids are missing, {lacking.first} first")
    if tree.root.hex() != body["merkle_root"]:
        raise TornObjectError(f"{where}: its trades are not those that were certified")
    named = body["previous"]
    if before and named and named["day"] == str(before.day) and named["digest"] != before.digest:
        raise TornObjectError(f"{where}: the day before is not the one that it names")


def to_json(verdict: SealsVerdict) -> dict[str, object]:
    """The verdict for programs."""
    return {"days": verdict.days, "trades": verdict.trades, "problems": verdict.problems}


def render(verdict: SealsVerdict) -> str:
    """The verdict for people."""
    if not verdict.days:
        return "No day is sealed yet."
    if verdict.is_good:
        days, trades = f"{verdict.days:,} days", f"{verdict.trades:,} trades"
        return f"[bold green]Sealed[/]: {days} of {trades} are what their certificates say."
    return "\n".join(f"[red]not as certified[/] {escape(problem)}" for problem in verdict.problems)
