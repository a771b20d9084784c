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
from candlewick.moments import now_us
from candlewick.seal import notes, signing, verify
from candlewick.seal.certificate import Certificate
from candlewick.seal.merkle import Tree, leaves
from candlewick.seal.sealing import Finding
from candlewick.seal.seals import Seals
from candlewick.spans import Spans

Key = tuple[str, date]


@dataclass
class SealsVerdict:
    """What was looked at, and what is wrong with it, a line each; `lost` are the days that are not as certified."""

    days: int = 0
    trades: int = 0
    problems: list[str] = field(default_factory=list)
    lost: dict[Key, Finding] = field(default_factory=dict)

    def add(self, symbol: str, day: date, problem: str) -> None:
        """Note what is wrong with a day."""
        self.problems.append(problem)
        self.lost[symbol, day] = Finding(symbol, day, "lost", problem)

    @property
    def is_good(self) -> bool:
        """Whether each sealed day is what was certified."""
        return not self.problems


def run(settings: Settings, advance: Callable[[int, int], None]) -> SealsVerdict:
    """Read every sealed day of a lake; `advance` takes how many were read, and how many there are.

    Whoever reads the lake is told of days that are not as certified, and were said to be sealed.
    Raises `LakeError` where the lake cannot be read.
    """
    seals = Seals(Lake.open(settings.lake_url, settings.prefix, settings.s3))
    named = [(symbol, day) for symbol in seals.symbols() for day in seals.days(symbol)]
    told, newest = _told(seals.lake)
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
            verdict.add(symbol, day, str(error))
        verdict.days += 1
        advance(number + 1, len(named))
    for symbol, day in sorted(told.keys() - set(named)):
        by = told[symbol, day]
        verdict.add(symbol, day, f"{symbol} {day}: {by} says that it is sealed, and it has no certificate")
    if untold := [finding for key, finding in verdict.lost.items() if newest.get(key) == "sealed"]:
        notes.tell(seals.lake, [notes.note_of(each) for each in untold], now_us())
    return verdict


def _told(lake: Lake) -> tuple[dict[Key, str], dict[Key, str]]:
    """Return the days that notes say are sealed, with the name of one that does, and what the newest say of each day.

    Raises `LakeError`.
    """
    told: dict[Key, str] = {}
    newest: dict[Key, tuple[str, str]] = {}
    for item in lake.list_all():
        parsed = names.parse(item.name)
        if parsed is not None and parsed.recorder == RECORDER and parsed.kind == "stream":
            for note in lake.read_text(item.name).manifest.days:
                key = note.symbol, date.fromisoformat(note.day)
                newest[key] = max(newest.get(key, ("", "")), (item.name, note.state))
                if note.state == "sealed":
                    told[key] = item.name
    return told, {key: state for key, (_, state) in newest.items()}


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
    lines = [f"[red]not as certified[/] {escape(problem)}" for problem in verdict.problems]
    days = " ".join(f"--day {day}" for day in sorted({day for _, day in verdict.lost}))
    lines.append(
        f"`candlewick seal {days}` makes lost files again, of raw objects and what the exchange gives, to the same"
        " digest, or says what is lost. Or put them back from a copy of the lake."
    )
    return "\n".join(lines)
