"""Sealing days: gather what is there, heal what is not, prove it, write it down.

A day is sealed when it is over, when every id of it is there or declared by the exchange not to exist, and when each of
its 1,440 minutes is the exchange's own candle in nine fields, or the exchange has said that there is none. What keeps a
day from it is one line.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Literal, Protocol

import structlog

from candlewick.errors import CheckpointError, ExchangeError, LeaseError
from candlewick.lake.objects import Lake
from candlewick.lake.sealed import file
from candlewick.lake.sealed.day import Day
from candlewick.lake.sealed.lines import SCHEMA
from candlewick.lake.sealed.spool import Spool
from candlewick.moments import DAY, MINUTE, MINUTES_PER_DAY, minute_of, now_us, starts_at
from candlewick.seal import certificate, merkle, minutes, restoring
from candlewick.seal.certificate import Certificate
from candlewick.seal.gathering import Gathering, gather
from candlewick.seal.healing import Need
from candlewick.seal.seals import Kind, Seals, pack
from candlewick.seal.signing import Signer
from candlewick.spans import Range, Spans

SETTLES = 2 * MINUTE
"""How long after its end (µs) a day's last candle may not be the last word yet."""

_NOTHING = "the lake has no trade of"

State = Literal["sealed", "whole", "healing", "partial", "mismatch", "lost"]
Show = Callable[[str, int, int], None]

log = structlog.get_logger()


class Heals(Protocol):
    """Who can be asked for what a day lacks."""

    def heal(self, day: date, needs: dict[str, Need]) -> list[bytes]:
        """Return the lines that the exchange gave of what is lacking."""

    def ends_of(self, symbol: str, day: date) -> Range | None:
        """Return a day's first and last id."""


@dataclass(frozen=True)
class Finding:
    """A day of a symbol as it was found: `state`, and where it is not sealed, why. `healed` counts lines fetched."""

    symbol: str
    day: date
    state: State
    reason: str = ""
    count: int = 0
    first_id: int | None = None
    last_id: int | None = None
    declared: int = 0
    healed: int = 0
    digest: str = ""
    byte_count: int = 0
    file: str = ""

    @property
    def is_of_nothing(self) -> bool:
        """Whether the lake has no trade of it, as of a name that is no symbol's."""
        return self.reason.startswith(_NOTHING)


@dataclass(frozen=True)
class Sealer:
    """Seals days of one lake; `heals` is None where the exchange is not to be asked."""

    lake: Lake
    seals: Seals
    signer: Signer
    recorder: str
    heals: Heals | None = None
    to_its_ends: bool = False
    """Whether to fetch what lies before a tape's first trade of a day, and behind its last one, too."""
    folder: Path | None = None
    """Where a day lies while it is sealed; None: in the system's folder for such."""

    def spool(self) -> Spool:
        """Return what a day's trades lie in while it is sealed."""
        return Spool(SCHEMA, self.folder)

    def seal(self, day: date, symbols: Collection[str] | None, show: Show = lambda *_: None) -> list[Finding]:
        """Seal a day of the symbols that are there (or of those that are named) and not sealed yet.

        Sealed files that are lost are made again where that can be.
        Raises `LakeError`, `ConfigError`.
        """
        if symbols is not None and all(self.seals.stands(symbol, day) for symbol in symbols):
            return [finding_of(self.seals.certificate(symbol, day)) for symbol in symbols]
        with self.spool() as spool:
            gathering = Gathering(day, symbols, spool)
            gather(self.lake, gathering, lambda done, total: show(f"{day}: reading", done, total))
            return self._seal(gathering, symbols, show)

    def _seal(self, gathering: Gathering, symbols: Collection[str] | None, show: Show) -> list[Finding]:
        day = gathering.day
        wanted = sorted(gathering.by_symbol if symbols is None else symbols)
        sealed = {symbol: self.seals.certificate(symbol, day) for symbol in wanted if self.seals.is_sealed(symbol, day)}
        lost = {symbol: kinds for symbol, each in sealed.items() if (kinds := self.seals.lost(each))}
        for symbol, kinds in lost.items():
            gathering.add(restoring.lines_left(self.seals, sealed[symbol], kinds))
        open_ones = [symbol for symbol in wanted if symbol not in sealed or symbol in lost]
        days = {symbol: self._assembled(gathering, symbol) for symbol in open_ones}
        if self.heals is not None and open_ones:
            show(f"{day}: asking for what is lacking", 0, 1)
        problem, healed = self._heal(gathering, days, {symbol: sealed[symbol] for symbol in lost})
        findings = [finding_of(self.seals.certificate(symbol, day)) for symbol in wanted if symbol not in days]
        for number, (symbol, assembled) in enumerate(days.items()):
            show(f"{day} {symbol}: sealing", number, len(days))
            if isinstance(assembled, Finding):
                finding = assembled
            elif symbol in lost:
                finding = self._restore(sealed[symbol], assembled, lost[symbol])
            else:
                finding = self.conclude(symbol, assembled)
            reason = f"{finding.reason} ({problem})" if problem and finding.reason else finding.reason
            findings.append(replace(finding, reason=reason, healed=healed.get(symbol, 0)))
        return findings

    def _assembled(self, gathering: Gathering, symbol: str) -> Day | Finding:
        """Make the day of what was gathered; a finding where that cannot be."""
        if symbol in gathering.too_long:
            return Finding(symbol, gathering.day, "mismatch", gathering.too_long[symbol])
        try:
            return gathering.gathered(symbol).assemble()
        except OverflowError as error:
            return Finding(symbol, gathering.day, "mismatch", str(error))

    def _restore(self, sealed: Certificate, day: Day, lost: list[Kind]) -> Finding:
        with self.spool() as spool:
            found, reason = finding_of(sealed), restoring.restore(self.seals, sealed, day, lost, spool)
        return replace(found, state="lost", reason=reason, digest="", file="") if reason else found

    def _heal(
        self, gathering: Gathering, days: dict[str, Day | Finding], lost: Mapping[str, Certificate]
    ) -> tuple[str, dict[str, int]]:
        """Fetch what days lack, and assemble those anew; return what went wrong, and how many lines of each came.

        `lost` are certificates of those whose files are lost.
        """
        if self.heals is None:
            return "", {}
        try:
            found = {
                symbol: self._need(day, gathering.claimed(symbol), lost.get(symbol))
                for symbol, day in days.items()
                if isinstance(day, Day)
            }
            needs = {symbol: need for symbol, need in found.items() if need}
            if not needs:
                return "", {}
            log.info(
                "day lacks", day=str(gathering.day), ids={symbol: each.ids.count for symbol, each in needs.items()}
            )
            came = self.heals.heal(gathering.day, needs)
        except (ExchangeError, CheckpointError, LeaseError) as error:
            log.warning("not healed", day=str(gathering.day), problem=str(error))
            return str(error), {}
        gathering.add(came)
        days.update({symbol: self._assembled(gathering, symbol) for symbol in needs})
        return "", {symbol: sum(f'"s":"{symbol}"'.encode() in line for line in came) for symbol in needs}

    def _need(self, day: Day, claimed: Spans, sealed: Certificate | None) -> Need:
        """Return what a day lacks: within it, to its ends what a recorder `claimed`, and all that was `sealed` of it.

        Raises `ExchangeError`.
        """
        spans = day.spans
        lacking = spans.holes()
        if sealed is not None:
            lacking.update(restoring.certified_ids(sealed).without(spans))
        if spans:
            first, last = self._between(day)
            lacking.add(first, spans.first - 1)
            lacking.add(spans.last + 1, last)
        if self.heals and (ends := self.heals.ends_of(day.symbol, day.day)):
            beyond = spans.missing(*ends)
            lacking.update(beyond if self.to_its_ends else beyond.common(claimed))
        opens = starts_at(day.day) // MINUTE
        there = Spans((at // MINUTE, at // MINUTE) for at in sorted(day.candles))
        there.update(Spans(each.minutes for each in day.absent.values()))
        return Need(
            lacking.without(day.beside),
            there.missing(opens, opens + MINUTES_PER_DAY - 1) if spans or lacking else Spans(),
            is_of_archive=sealed is not None and restoring.is_of_archive(sealed),
        )

    def _between(self, day: Day) -> Range:
        """Return the ids that a day must begin and end with, by the sealed days beside it; its own where none is."""
        first, last = day.spans.first, day.spans.last
        before = self.seals.before(day.symbol, day.day)
        if before and before.day == day.day - timedelta(days=1):
            first = before.last_id + 1
        if self.seals.is_sealed(day.symbol, after := day.day + timedelta(days=1)):
            last = int(self.seals.certificate(day.symbol, after).body["first_id"]) - 1
        return first, last

    def conclude(self, symbol: str, day: Day, at: int | None = None) -> Finding:
        """Seal a day, or say why not; `at` which moment, now where none is given. Raises `LakeError`, `ConfigError`."""
        if now_us() < starts_at(day.day) + DAY + SETTLES:
            return Finding(symbol, day.day, "partial", "the day is not over")
        if not day.count:
            return Finding(symbol, day.day, "partial", f"{_NOTHING} {symbol}")
        declared, missing = self._holes(day)
        if missing:
            return Finding(symbol, day.day, *_of_missing(missing, day.beside))
        verdict = minutes.compare(day)
        if verdict.problems:
            return Finding(symbol, day.day, *_verdict(day, verdict))
        if untold := verdict.untold:
            what = f"{len(untold):,} minutes have no candle of the exchange, and it has not said that there is none"
            return Finding(symbol, day.day, "healing", f"{what}: {minutes.clock(untold[0])} first")
        sealed = self._write(day, verdict, declared, now_us() if at is None else at)
        log.info("day sealed", symbol=symbol, day=str(day.day), trades=day.count, digest=sealed.digest[:16])
        return finding_of(sealed)

    def _holes(self, day: Day) -> tuple[list[tuple[int, int, str]], Spans]:
        """Return a day's holes: those that the exchange has declared, with its answer, and those it has not."""
        missing = day.spans.missing(*self._between(day))
        declared = []
        for line, hole in sorted(day.holes.items()):
            for first, last in missing.common(Spans([(hole.first, hole.last)])):
                declared.append((first, last, line.decode()))
                missing.remove(first, last)
        return sorted(declared), missing

    def _write(self, day: Day, verdict: minutes.Verdict, declared: list[tuple[int, int, str]], at: int) -> Certificate:
        content = file.write(day)
        tree, sources = merkle.Tree(), Counter[str]()
        for trades, again in zip(day.parts(), file.parts(content), strict=True):
            assert again.trades.equals(trades), "the sealed file is read back before it counts"
            tree.add(merkle.leaves(trades, day.places))
            for each in trades.column("source").value_counts().to_pylist():
                sources[each["values"] or "unknown"] += each["counts"]
        previous = self.seals.before(day.symbol, day.day)
        made = certificate.certify(
            day,
            tree,
            verdict,
            sources=sources,
            file=self.seals.put_file(day.symbol, day.day, "parquet", content),
            evidence=self.seals.put_file(day.symbol, day.day, "evidence.json.zst", pack(day.evidence)),
            declared=declared,
            absent=absences_of(day),
            previous=previous,
            sealed_at=at,
            recorder=self.recorder,
        )
        signed = self.signer.sign(made)
        if previous and (was := _key_of(previous)) != (now := _key_of(signed)):
            what = "not signed by the key of the day before: a second machine, or a lost key?"
            log.error(what, symbol=day.symbol, day=str(day.day), was=was or "unsigned", now=now or "unsigned")
        return self.seals.put_certificate(signed)


def _of_missing(ids: Spans, beside: Spans) -> tuple[State, str]:
    """Say what keeps a day from being sealed that lacks ids; trades with those `beside` are of another day by time."""
    if crossing := ids.common(beside):
        many = f"{crossing.count:,} trades from id {crossing.first} on are"
        which = many if crossing.count > 1 else f"trade {crossing.first} is"
        return "mismatch", f"{which} of another day by time and of this one by id: such a midnight is not sealed"
    return "healing", f"{ids.count:,} trade ids are missing, {ids.first} first"


def _key_of(sealed: Certificate) -> str | None:
    return sealed.signature["public_key"] if sealed.signature else None


def finding_of(sealed: Certificate) -> Finding:
    """Return what a certificate says of its day."""
    body = sealed.body
    return Finding(
        sealed.symbol,
        sealed.day,
        "sealed",
        count=body["count"],
        first_id=body["first_id"],
        last_id=body["last_id"],
        declared=sum(each["last"] - each["first"] + 1 for each in body["declared"]),
        digest=sealed.digest,
        byte_count=body["file"]["bytes"],
        file=body["file"]["name"],
    )


def absences_of(day: Day) -> list[tuple[int, int, str]]:
    """Return a day's minutes without a candle, each stretch with the exchange's answer by which there is none."""
    opens = minute_of(starts_at(day.day))
    there = Spans((minute_of(at), minute_of(at)) for at in sorted(day.candles))
    left = there.missing(opens, opens + MINUTES_PER_DAY - 1)
    absent = []
    for line, said in sorted(day.absent.items()):
        for first, last in left.common(Spans([said.minutes])):
            absent.append((first, last, line.decode()))
            left.remove(first, last)
    return sorted(absent)


def _verdict(day: Day, verdict: minutes.Verdict) -> tuple[State, str]:
    """Say why a day's minutes are not the exchange's: a tape that begins or ends within the day is not a wrong one.

    Nor is one whose candles were not given yet.
    """
    ours = minutes.minutes_of(day)
    wrong = f"{len(verdict.problems)} minutes are not the exchange's: {verdict.problems[0]}"
    outside = [each for each in verdict.problems if "has no trades" in each]
    lacking = [each for each in verdict.problems if "no candle of the exchange" in each]
    differing = len(verdict.problems) - len(outside) - len(lacking)
    if differing > 2 or (differing and not outside):
        return "mismatch", wrong
    if not outside:
        return "healing", f"{len(lacking):,} minutes have no candle of the exchange to compare with: {lacking[0]}"
    begins, ends = minutes.clock(ours[0].number), minutes.clock(ours[-1].number)
    fetch = f"`candlewick backfill {day.symbol} --from {day.day} --to {day.day}` fetches the rest"
    return "partial", f"the tape has {begins} to {ends} of it; {fetch}"
