"""One symbol while it is recorded: copies from the legs in, lines for the batch and trades for the feed out."""

from collections.abc import Callable

import structlog

from candlewick.lake.batch import Batcher
from candlewick.moments import micros, minute_of
from candlewick.recorder.numbering import Numbering
from candlewick.recorder.sequencer import Conflict, Emitted, Healed, Hole, Output, Sequencer
from candlewick.spans import Spans
from candlewick.tape.coverage import Coverage
from candlewick.trade import Kline, Trade, raw_line

REMEMBERED_KLINES = 4
_SMOOTHING = 0.05

log = structlog.get_logger()


class LiveTape:
    """Sequencer, coverage and what is told about them. `publish` takes every trade of the tape, in order.

    `stopped` says why the symbol is not recorded any more, None where it is.
    """

    def __init__(
        self,
        symbol: str,
        coverage: Coverage,
        batcher: Batcher,
        publish: Callable[[Trade], None],
    ) -> None:
        self.symbol = symbol
        self.coverage = coverage
        self.sequencer = Sequencer()
        self.numbering = Numbering()
        self.stopped: str | None = None
        self.trades = 0
        self.conflicts = 0
        self.holes_seen = 0
        self.last_event_at = 0
        self.emitted_at = 0.0
        self.delay_us: float | None = None
        self._batcher = batcher
        self._publish = publish
        self._klines: dict[int, bytes] = {}

    def on_trade(self, event: bytes, trade: Trade, received_at: int, now: float) -> None:
        """Take a leg's copy of a trade; `received_at` is our clock in µs, `now` the loop's in seconds."""
        if self.stopped or self.sequencer.drop_copy(trade):
            return
        if self.sequencer.take_next(trade):
            self._note_delay(received_at - micros(trade.event_at))
            self._emit(trade, raw_line(event, "ws", received_at), now)
        elif self._belongs(trade):
            self._offer(event, trade, received_at, now)

    def _offer(self, event: bytes, trade: Trade, received_at: int, now: float) -> None:
        """Take a trade that is ahead of its turn, behind it, or a copy that differs."""
        outputs = self.sequencer.offer(trade, raw_line(event, "ws", received_at), now)
        if outputs:
            self._note_delay(received_at - micros(trade.event_at))
            self._take(outputs, now)

    def on_kline(self, event: bytes, kline: Kline, received_at: int, now: float) -> None:
        """Record a closed candle of the exchange once; a copy that differs is kept, too."""
        if self.stopped or not kline.bar.is_closed:
            return
        candle = event[event.find(b'"k":') :]
        if self._klines.get(kline.bar.open_time) == candle:
            return
        self._klines[kline.bar.open_time] = candle
        minute = minute_of(micros(kline.bar.open_time))
        self.coverage.minutes.secure(minute, minute)
        while len(self._klines) > REMEMBERED_KLINES:
            del self._klines[min(self._klines)]
        self._batcher.add_kline(self.symbol, minute, raw_line(event, "ws", received_at), now)

    def tick(self, now: float) -> None:
        """Give up the holes whose time is over."""
        if outputs := self.sequencer.tick(now):
            self._take(outputs, now)

    def flush(self, now: float) -> None:
        """Give up every hole: nothing more will come."""
        self._take(self.sequencer.flush(), now)

    def _belongs(self, trade: Trade) -> bool:
        """Whether a trade is one of this tape's: ids that start again would take the place of others.

        At the start a trade that is not newer than what is durable is none of a leg: what is missing is filled by id.
        """
        last = self.sequencer.newest
        if last is not None and last.trade_id > self.numbering.newest:  # the tape went on without asking
            self.numbering = Numbering(last.trade_id, micros(last.traded_at))
        newest = self.numbering.newest
        if self.numbering.starts_again(trade.trade_id, micros(trade.traded_at)):
            self._stop(trade.trade_id, newest)
            return False
        return trade.trade_id > newest or self.sequencer.emitted is not None

    def _stop(self, trade_id: int, newest: int) -> None:
        """Take no trade any more, and ask for none."""
        self.stopped = (
            f"{self.symbol}: the exchange's ids start again: id {trade_id} is newer than id {newest}, the last one"
            " recorded; it is not recorded any more. Set a new `prefix` (and `data`) to record it anew"
        )
        self.coverage.wanted = Spans()
        log.error("ids start again, symbol stopped", problem=self.stopped)

    def _take(self, outputs: list[Output], now: float) -> None:
        for output in outputs:
            match output:
                case Emitted(trade, line):
                    self._emit(trade, line, now)
                case Healed(trade, line):
                    self._record(trade, line, now)
                case Hole(first, last):
                    self._note_hole(first, last)
                case Conflict():
                    self._note_conflict(output, now)

    def _emit(self, trade: Trade, line: bytes, now: float) -> None:
        """Record the next trade of the tape, and tell of it."""
        self._record(trade, line, now)
        self._publish(trade)
        self.trades += 1
        self.last_event_at, self.emitted_at = micros(trade.event_at), now

    def _record(self, trade: Trade, line: bytes, now: float) -> None:
        """Put a trade into the batch, unless it has been backfilled meanwhile."""
        trade_id = trade.trade_id
        if not self.coverage.holds(trade_id):
            self.coverage.secure(trade_id, trade_id)
            self._batcher.add_trade(self.symbol, trade_id, line, now)

    def _note_hole(self, first: int, last: int) -> None:
        self.holes_seen += 1
        log.info("hole", symbol=self.symbol, first=first, last=last, trades=last - first + 1)

    def _note_conflict(self, conflict: Conflict, now: float) -> None:
        """Two copies of an id differ: say so, keep the line of the second one, too, and let the exchange tell."""
        self.conflicts += 1
        self.coverage.dispute(conflict.trade.trade_id)
        log.error("copies differ", symbol=self.symbol, kept=conflict.held, other=conflict.trade)
        self._batcher.add_trade(self.symbol, conflict.trade.trade_id, conflict.line, now)

    def _note_delay(self, delay_us: int) -> None:
        before = self.delay_us
        self.delay_us = delay_us if before is None else before + _SMOOTHING * (delay_us - before)
