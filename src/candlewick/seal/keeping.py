"""Which days are to be sealed, and the sealing of them, one after the other.

By itself it runs now and then in a process of its own, at the lowest priority, so that neither recorder nor warehouse
is slower for it. It can be killed at any instant: what is not certified yet is sealed again.
"""

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path

import structlog

from candlewick.config import Settings
from candlewick.errors import ConfigError, SealBusyError
from candlewick.lake.objects import Lake
from candlewick.moments import now_us
from candlewick.process.crashpoint import crashpoint
from candlewick.process.files import lock_beside
from candlewick.seal import following, gathering, notes
from candlewick.seal.arriving import Arriving
from candlewick.seal.healing import Healer
from candlewick.seal.ledger import Ledger
from candlewick.seal.retention import Retention, names_in_checkpoints
from candlewick.seal.sealing import SETTLES, Finding, Sealer, Show
from candlewick.seal.seals import Seals
from candlewick.seal.signing import Signer
from candlewick.tape.checkpoint import all_in

LOWEST_PRIORITY = 19

log = structlog.get_logger()


def ledger_path(settings: Settings) -> Path:
    """Return the file that says how far each day is."""
    return settings.data / "state" / "days.json"


def sealer_of(settings: Settings, lake: Lake, *, asks: bool = True, to_its_ends: bool = False) -> Sealer:
    """Return what seals days of a lake; with `asks`, the exchange is asked for what they lack."""
    signer = Signer(settings.data / "keys" / "seal.ed25519")
    healer = Healer(settings, lake) if asks else None
    return Sealer(lake, Seals(lake), signer, settings.recorder, healer, to_its_ends, settings.data / "tmp")


def arriving(settings: Settings) -> Arriving:
    """Return what seals whole days as they come from the exchange's archive. Raises `ConfigError`."""
    lake = Lake.open(settings.lake_url, settings.prefix, settings.s3)
    return Arriving(sealer_of(settings, lake, asks=False))


def due(settings: Settings, lake: Lake, ledger: Ledger, now: int, *, waits: bool = True) -> list[date]:
    """Return the days to look at now, oldest first: over, at rest, and not known to be sealed. Raises `LakeError`."""
    after = round(settings.seal.after.total_seconds() * 1_000_000)
    days = [day for day in gathering.days_of(lake) if gathering.is_over(day, now, after)]
    return [day for day in days if ledger.is_due(day, now, waits=waits)]


def seal_days(
    settings: Settings,
    days: Collection[date] | None,
    symbols: Collection[str] | None,
    show: Show,
    *,
    asks: bool = True,
    waits: bool = False,
) -> list[Finding]:
    """Seal days; `None`: all that are due, and symbols that came late.

    With `waits` those that were found wanting have their time. Days that are named are fetched to their very ends.
    Raises `LakeError`, `SealBusyError` where another process does so, and `ConfigError` for a key that is none and for
    a named day that is not over.
    """
    for day in days or ():
        if not gathering.is_over(day, now_us(), SETTLES):
            raise ConfigError(f"--day: expected a UTC day that is over, got {day}")
    with _alone(settings):
        return _seal_days(settings, days, symbols, show, asks=asks, waits=waits)


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Be the only one that seals by this ledger: of two, one would forget what the other noted."""
    path = ledger_path(settings)
    try:
        descriptor = lock_beside(path)
    except BlockingIOError as holder:
        raise SealBusyError(
            f"{path}: another process seals days here ({holder}); try again when it has ended"
        ) from None
    try:
        yield
    finally:
        os.close(descriptor)


def _seal_days(
    settings: Settings,
    days: Collection[date] | None,
    symbols: Collection[str] | None,
    show: Show,
    *,
    asks: bool,
    waits: bool,
) -> list[Finding]:
    lake = Lake.open(settings.lake_url, settings.prefix, settings.s3)
    ledger = Ledger(ledger_path(settings))
    sealer = sealer_of(settings, lake, asks=asks, to_its_ends=days is not None)
    findings: list[Finding] = []

    def seal(day: date, wanted: Collection[str] | None) -> list[Finding]:
        found = sealer.seal(day, wanted, show)
        known = [each for each in found if not each.is_of_nothing or each.symbol in settings.symbols]
        ledger.note(day, known, now_us(), is_whole=wanted is None)
        findings.extend(found)
        return found

    if days is not None:
        for day in sorted(days):
            found = seal(day, symbols)
            if symbols is None and (others := _others(sealer.seals, day, {each.symbol for each in found})):
                seal(day, others)
    else:
        follow(lake, sealer.seals, ledger)
        for day in due(settings, lake, ledger, now_us(), waits=waits):
            told = {each.symbol for each in seal(day, symbols)}
            if symbols is None and (others := [each for each in ledger.open_ones(day) if each not in told]):
                seal(day, others)
        for day, late in ledger.late().items():
            if wanted := [symbol for symbol in late if symbols is None or symbol in symbols]:
                seal(day, wanted)
    tell(lake, ledger, now_us())
    let_go(settings, lake, ledger, show, now_us())
    return findings


def _others(seals: Seals, day: date, told: Collection[str]) -> list[str]:
    """Return the symbols of which a day is sealed without a raw object of it in the lake: the archive's are."""
    return [symbol for symbol in seals.symbols() if symbol not in told and seals.is_sealed(symbol, day)]


def follow(lake: Lake, seals: Seals, ledger: Ledger) -> None:
    """Note what came to days that were looked at before, and is not sealed. Raises `LakeError`."""
    marks, came = following.follow(lake, ledger.marks)
    if marks != ledger.marks:
        ledger.came([key for key in sorted(came) if not seals.is_sealed(*key)], marks)


def tell(lake: Lake, ledger: Ledger, now: int) -> None:
    """Tell whoever reads the lake what it does not know of days yet. Raises `LakeError`."""
    if untold := ledger.untold():
        notes.tell(lake, [notes.note_of(each) for each in untold], now)
        crashpoint("after note")
        ledger.told()


def let_go(settings: Settings, lake: Lake, ledger: Ledger, show: Show, now: int) -> int:
    """Delete the raw objects of sealed days older than `[retention] raw`; return how many. Raises `LakeError`."""
    kept = settings.raw_kept
    if kept is None:
        return 0
    retention = Retention(lake, Seals(lake), names_in_checkpoints(all_in(settings.state_path.parent, lake.identity)))
    after, gone = round(kept.total_seconds() * 1_000_000), 0
    for day in gathering.days_of(lake):
        if gathering.is_over(day, now, after) and ledger.may_be_let_go(day, now):
            gone += retention.let_go(day, partial(show, f"{day}: letting go"))
            ledger.let_go(day, now)
    return gone


def seal_due(settings: Settings) -> None:
    """Seal what is due, at the lowest priority, and say in the log what cannot be sealed."""
    os.nice(LOWEST_PRIORITY)
    try:
        found = seal_days(settings, None, None, lambda *_: None, waits=True)
    except SealBusyError as error:  # by hand: the next time finds what is left
        log.info("not sealed now", because=str(error))
        return
    for finding in found:
        if finding.state != "sealed":
            log.warning("day not sealed", symbol=finding.symbol, day=str(finding.day), problem=finding.reason)
