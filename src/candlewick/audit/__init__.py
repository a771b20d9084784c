"""`candlewick audit`: is the tape whole, and is every closed candle the exchange's own?

The verdict is read from what the warehouse has published. A mismatch is not accepted before the exchange was asked
again; what it has and we have not goes into the lake, under the name of the backfill.
"""

import asyncio
from datetime import UTC, datetime, timedelta

from candlewick.audit.recheck import Recheck, Repair
from candlewick.audit.verdict import Mismatch, Verdict, read
from candlewick.binance.budget import GIVING_WAY, WeightBudget
from candlewick.binance.rest import Rest
from candlewick.config import Settings, parse_duration
from candlewick.errors import ConfigError, ExchangeError
from candlewick.lake.batch import Batcher, Limits
from candlewick.lake.lease import leased
from candlewick.lake.names import check_prefix
from candlewick.lake.objects import Lake
from candlewick.moments import from_micros, now_us
from candlewick.tape.beside import coverages_of, settings_of
from candlewick.tape.checkpoint import lock, open_checkpoint
from candlewick.tape.writer import Backfill, Writer
from candlewick.warehouse.contract import Database
from candlewick.warehouse.home import home_of

MOST_RECHECKED = 50


def moment(text: str | None) -> datetime | None:
    """Return the moment (UTC, naive) that `--since` names: a day, a moment, or how long ago. Raises `ConfigError`."""
    if text is None:
        return None
    try:
        ago = parse_duration(text)
        assert isinstance(ago, timedelta), "a text is a duration or an error"
        return _now() - ago
    except ValueError:
        pass
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"--since: expected '2024-08-01', '2024-08-01T13:30' or '6h', got {text!r}") from None
    return given.astimezone(UTC).replace(tzinfo=None) if given.tzinfo else given


def _now() -> datetime:
    return from_micros(now_us())


def run(settings: Settings, since: datetime | None, *, asks: bool = True) -> Verdict:
    """Return the verdict on what was traded from `since` (UTC, naive) on; with `asks`, each mismatch is rechecked.

    Raises `WarehouseError`, `LakeError`, and `CheckpointError` where a backfill runs while there is a repair.
    """
    reader = home_of(settings).reader()
    with reader.connect() as database:
        verdict = read(database, settings.state_path.parent, since, _now())
        verdict.version = reader.version()
        if asks and verdict.mismatches:
            asyncio.run(_recheck(settings, database, verdict.mismatches))
    return verdict


async def _recheck(settings: Settings, database: Database, mismatches: list[Mismatch]) -> None:
    """Ask the exchange about the newest mismatches, and write what it has and we have not."""
    for mismatch in mismatches[MOST_RECHECKED:]:
        mismatch.finding = f"not asked about: only the newest {MOST_RECHECKED} are"
    repairs: list[tuple[Mismatch, Repair]] = []
    exchange, budget = settings.exchange, WeightBudget(crowded=GIVING_WAY)
    async with Rest(exchange.rest, budget, attempts=2, proxy=exchange.proxy) as rest:
        try:
            exchange_now = now_us() + (await rest.server_time()).offset
            check_prefix(settings.prefix, is_demo=rest.is_demo)
            recheck = Recheck(rest, database, exchange_now)
            for mismatch in mismatches[:MOST_RECHECKED]:
                if repair := await recheck.look_at(mismatch):
                    repairs.append((mismatch, repair))
        except ExchangeError as error:
            for mismatch in mismatches[:MOST_RECHECKED]:
                mismatch.finding = mismatch.finding or f"not asked about: {error}"
    if repairs:
        await _write(settings_of(settings), repairs)


async def _write(settings: Settings, repairs: list[tuple[Mismatch, Repair]]) -> None:
    """Write what is not in the lake yet: an earlier audit may have found the same."""
    symbols = tuple(repair.symbol for _, repair in repairs)
    lake = Lake.open(settings.lake_url, settings.prefix, settings.s3)
    with lock(settings.state_path), leased(lake, settings.recorder, settings.state_path.parent) as lease:
        checkpoint = open_checkpoint(settings.state_path, lake, settings.recorder)
        coverages = coverages_of(settings.model_copy(update={"symbols": symbols}), checkpoint)
        writer = Writer(
            lake, checkpoint, settings.state_path, coverages, Batcher(Limits()), announces=True, lease=lease
        )
        writing = asyncio.create_task(writer.run())
        for mismatch, repair in repairs:
            backfill = Backfill(repair.batch, repair.first_at, repair.last_at)
            name = writer.name_of(backfill)
            if name in lake.list_folder(name.rpartition("/")[0]):
                mismatch.finding += f" (in the lake already: {name})"
            else:
                await writer.backfill(backfill)
                mismatch.is_repaired = True
        writer.stop()
        await writing
