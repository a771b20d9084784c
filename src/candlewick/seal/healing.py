"""A day that heals: what its objects lack is asked for by id again, and goes into the lake like any backfill.

Whole stretches come from the exchange's archive where it has the day, the rest over REST. Ids that the exchange says do
not exist become a declared hole with its answer. Only what the objects really hold counts as ours here: a checkpoint
that claims more is put right by what is written.
"""

import asyncio
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import structlog

from candlewick.binance.archive import Archive
from candlewick.binance.budget import GIVING_WAY, WeightBudget
from candlewick.binance.daily_file import parts
from candlewick.binance.rest import Rest
from candlewick.config import Settings
from candlewick.errors import ArchiveError, ExchangeError, UnreachableError
from candlewick.lake import names
from candlewick.lake.batch import Batch, Batcher, Limits
from candlewick.lake.lease import Lease, leased
from candlewick.lake.objects import Lake
from candlewick.moments import DAY, MINUTE, now_us, starts_at
from candlewick.spans import Range, Spans
from candlewick.tape import beside
from candlewick.tape.backfiller import Backfiller
from candlewick.tape.checkpoint import lock, open_checkpoint
from candlewick.tape.coverage import Coverage
from candlewick.tape.klines import KlineFiller
from candlewick.tape.writer import Backfill, Writer

WORTH_A_FILE = 50_000
"""Missing trades from which on the archive's file of the day is downloaded."""
PATIENCE_SECONDS = 150.0
"""How long nothing new may come before the day is left for later: a minute's weight may have to be waited for."""
CANDLES_CONFIRMED_AFTER = 10.0

log = structlog.get_logger()


@dataclass
class Need:
    """What a day of a symbol lacks: trade ids, and minutes (since the epoch) without a candle of the exchange.

    `is_of_archive`: the ids are wanted from the exchange's archive, however few.
    """

    ids: Spans = field(default_factory=Spans)
    minutes: Spans = field(default_factory=Spans)
    is_of_archive: bool = False

    def __bool__(self) -> bool:
        return bool(self.ids or self.minutes)


class _Noting(Writer):
    """A writer that keeps the lines it was given, too."""

    noted: list[bytes]

    async def backfill(self, backfill: Backfill) -> None:
        self.noted += backfill.batch.lines
        await super().backfill(backfill)

    def take(self, symbol: str, trade_id: int, line: bytes) -> None:
        self.noted.append(line)
        super().take(symbol, trade_id, line)

    def declare(self, symbol: str, hole: Range, line: bytes) -> None:
        self.noted.append(line)
        super().declare(symbol, hole, line)


@dataclass(frozen=True)
class Healer:
    """Asks the exchange for what days lack, under the name of the backfill beside a recorder."""

    settings: Settings
    lake: Lake
    patience: float = PATIENCE_SECONDS

    def ends_of(self, symbol: str, day: date) -> Range | None:
        """Ask for a day's first and last id, by the exchange's own aggregates; None where it does not tell.

        Raises `ExchangeError`.
        """
        return asyncio.run(self._ends_of(symbol, day))

    def heal(self, day: date, needs: Mapping[str, Need]) -> list[bytes]:
        """Fetch what is lacking, make it durable, and return its lines; where the exchange gives no more, what it gave.

        Raises `CandlewickError`: `ExchangeError` where it cannot be reached, `CheckpointError` while a backfill runs
        on this data folder, `LeaseError` while one of this name runs elsewhere.
        """
        own = beside.settings_of(self.settings)
        with lock(own.state_path), leased(self.lake, own.recorder, own.state_path.parent) as lease:
            return asyncio.run(self._heal(own, lease, day, needs))

    def _rest(self) -> Rest:
        exchange = self.settings.exchange
        return Rest(exchange.rest, WeightBudget(crowded=GIVING_WAY), attempts=2, proxy=exchange.proxy)

    async def _ends_of(self, symbol: str, day: date) -> Range | None:
        async with self._rest() as rest:
            await rest.exchange_info([symbol])  # for its limits: else the strictest are kept
            first = await rest.first_at(symbol, starts_at(day))
            after = await rest.first_at(symbol, starts_at(day) + DAY)
        return None if first is None or after is None else (first.first_id, after.first_id - 1)

    async def _heal(self, own: Settings, lease: Lease, day: date, needs: Mapping[str, Need]) -> list[bytes]:
        checkpoint = open_checkpoint(own.state_path, self.lake, own.recorder)
        asked = own.model_copy(update={"symbols": tuple(needs)})
        coverages = beside.coverages_of(asked, checkpoint)
        wanted = {symbol: _as_it_is(coverages[symbol], need) for symbol, need in needs.items()}
        writer = _Noting(
            self.lake, checkpoint, own.state_path, coverages, Batcher(Limits()), announces=True, lease=lease
        )
        writer.noted = []
        writing = asyncio.create_task(writer.run(), name="writer")
        try:
            async with self._rest() as rest:
                await rest.exchange_info(tuple(needs))
                if now_us() + (await rest.server_time()).offset < starts_at(day) + DAY + MINUTE:
                    raise ExchangeError(f"{day} is not over by the exchange's clock; is this machine's ahead?")
                names.check_prefix(own.prefix, is_demo=rest.is_demo)
                for symbol, need in needs.items():
                    if need.ids.count >= WORTH_A_FILE or (need.is_of_archive and need.ids):
                        await self._from_archive(symbol, day, wanted[symbol], writer)
                with suppress(TimeoutError):
                    await self._ask(rest, needs, wanted, writer)
        finally:
            writer.stop()
            await writing
        return writer.noted

    async def _ask(self, rest: Rest, needs: Mapping[str, Need], wanted: Mapping[str, Coverage], writer: Writer) -> None:
        """Ask over REST for what is missing. Raises `TimeoutError` where nothing new came for too long."""
        filling = [Backfiller(symbol, wanted[symbol], rest, writer, asyncio.Semaphore(1)).fill() for symbol in needs]
        filling += [
            KlineFiller(
                {symbol: wanted[symbol]},
                rest,
                writer,
                lambda _, need=need: (need.minutes.first, need.minutes.last),  # type: ignore[misc]
                confirm_after=CANDLES_CONFIRMED_AFTER,
            ).fill()
            for symbol, need in needs.items()
            if need.minutes
        ]
        working = asyncio.ensure_future(asyncio.gather(*filling))
        seen, since = -1, time.monotonic()
        while not working.done():
            await asyncio.wait({working}, timeout=0.2)
            left = sum(each.missing().count for each in wanted.values())
            left += sum(
                each.minutes.secured.missing(*_ends(needs[name].minutes)).count for name, each in wanted.items()
            )
            if left != seen:
                seen, since = left, time.monotonic()
            elif time.monotonic() - since > self.patience:
                working.cancel()
                await asyncio.wait({working})
                raise TimeoutError
        working.result()

    async def _from_archive(self, symbol: str, day: date, coverage: Coverage, writer: Writer) -> None:
        """Take what is missing from the archive's file of the day; where it cannot be used, it is left to REST."""
        exchange, folder = self.settings.exchange, self.settings.data / "tmp"
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as name:
            path = Path(name) / f"{symbol}-{day}.zip"
            try:
                async with Archive(exchange.archive, proxy=exchange.proxy) as archive:
                    await archive.fetch(symbol, day, path)
                for part in await asyncio.to_thread(lambda: list(parts(path, symbol, now_us()))):
                    ids = coverage.missing().common(Spans((each, each) for each in part.ids))
                    batch = Batch()
                    lines = [line for each, line in zip(part.ids, part.lines, strict=True) if each in ids]
                    if lines:
                        batch.add_page(symbol, ids, lines)
                        for first, last in ids:
                            coverage.secure(first, last)
                        await writer.backfill(Backfill(batch, part.first_at, part.last_at))
            except (ArchiveError, UnreachableError, ExchangeError) as error:
                log.info("archive not used", symbol=symbol, day=str(day), problem=str(error))


def _ends(spans: Spans) -> Range:
    return (spans.first, spans.last) if spans else (0, -1)


def _as_it_is(coverage: Coverage, need: Need) -> Coverage:
    """Take out of a coverage what is claimed and is not there, and want it."""
    for first, last in need.ids:
        for claimed in (coverage.covered, coverage.secured, coverage.declared, coverage.proven):
            claimed.remove(first, last)
    for first, last in need.minutes:
        coverage.minutes.durable.remove(first, last)
        coverage.minutes.secured.remove(first, last)
    first, last = _ends(need.minutes)
    for start, end in Spans([(first, last)]).without(need.minutes) if need.minutes else Spans():
        coverage.minutes.secured.add(start, end)
    coverage.wanted = need.ids.copy()
    return coverage


def minutes_of(day: date) -> Range:
    """Return a day's first and last minute since the epoch."""
    return starts_at(day) // MINUTE, (starts_at(day) + DAY) // MINUTE - 1
