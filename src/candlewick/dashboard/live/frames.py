"""What the chart's WebSocket says: frames of changed bars, and one status a second. Pure: text in, text out.

Times are seconds (bars) or ms (instants) since the epoch; `g` is the newest event, 0 for none, and `t` how much
later the frame was sent. Amounts are decimal literals, exact up to the browser.
"""

import json
from typing import Any

from candlewick.dashboard.bars import Bar, LiveBars, decimal_text


def bar_text(bar: Bar) -> str:
    """Write a bar: `[time, open, high, low, close, volume, quote volume, trades, taker's buy volume, state]`."""
    amounts = (bar.open, bar.high, bar.low, bar.close, bar.volume, bar.quote_volume)
    numbers, bought = ",".join(map(decimal_text, amounts)), decimal_text(bar.taker_buy_volume)
    return f"[{bar.open_time // 1_000_000},{numbers},{bar.trade_count},{bought},{int(bar.state)}]"


class FrameWriter:
    """Writes frames of one series: only the bars that differ from what was written before."""

    def __init__(self, symbol: str, timeframe: str) -> None:
        self._head = f'{{"s":{json.dumps(symbol)},"f":{json.dumps(timeframe)},'
        self._written: dict[int, str] = {}

    def changes(self, live: LiveBars, *, event_at: int, sent_at: int) -> str | None:
        """Return a frame of the bars that changed, or None where none did. Times in µs."""
        texts = {bar.open_time: bar_text(bar) for bar in live.bars}
        changed = [text for opened, text in texts.items() if self._written.get(opened) != text]
        self._written = texts
        return self._frame(changed, event_at, sent_at) if changed else None

    def snapshot(self, live: LiveBars, *, event_at: int, sent_at: int) -> str:
        """Return a frame of all bars kept: what a viewer that missed frames needs."""
        return self._frame([bar_text(bar) for bar in live.bars], event_at, sent_at)

    def status(self, **numbers: Any) -> str:
        """Return a status frame."""
        return f'{self._head}"i":{json.dumps(numbers, separators=(",", ":"))}}}'

    def _frame(self, bars: list[str], event_at: int, sent_at: int) -> str:
        # The event's time keeps its µs: latency to the screen is measured from it. A difference is shorter than a time.
        late = (sent_at - event_at) / 1_000
        event = f"{event_at / 1_000:.3f}" if event_at else "0"
        return f'{self._head}"b":[{",".join(bars)}],"g":{event},"t":{late:.1f}}}'
