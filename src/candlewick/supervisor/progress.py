"""What `candlewick up` tells its user while it runs: the way to a full chart, then that all is well."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

from candlewick.config import Settings
from candlewick.moments import now_us
from candlewick.process import heartbeat
from candlewick.status import Report, collect, worst
from candlewick.supervisor.past import days_of
from candlewick.supervisor.terminal import Terminal

Say = Callable[[str], None]

NAMED_AT_MOST = 3
POLL_SECONDS = 0.5
REPORT_SECONDS = 60.0
QUIET_SECONDS = 5.0
"""How long nothing may be said while something of a start is still to come; for the first minute."""
PAST_STEP = 0.2
"""The candles of the past are told of at every so large a share of them."""
TO_COME = {"Recording live": "connections", "First candles": "first candles", "The chart is at": "the chart"}
"""The steps of a start by how their lines begin, and what each is called until then."""


class Progress:
    """Reads the heartbeats and says what changed: one line per step, then one line a minute."""

    def __init__(self, settings: Settings, url: str, open_browser: Callable[[str], object] | None) -> None:
        self.settings = settings
        self.url = url
        self.open_browser = open_browser
        self.said: set[str] = set()
        self.last_fraction = -1.0
        self.started_at = now_us()
        self.past_fraction = -1.0

    async def run(self, terminal: Terminal) -> None:
        """Poll until cancelled."""
        ticks_per_report = int(REPORT_SECONDS / POLL_SECONDS)
        tick = said_at = 0

        def say(text: str) -> None:
            nonlocal said_at
            said_at = tick
            terminal.say(text)

        while True:
            await self._look(say)
            reason, rest = self._waits_for()
            terminal.show(reason, rest)
            is_quiet = (tick - said_at) * POLL_SECONDS >= QUIET_SECONDS and tick < ticks_per_report
            if is_quiet and reason is None and (missing := self._to_come()):
                say(f"[dim]Still to come: {missing}.[/]")
            tick += 1
            if tick % ticks_per_report == 0:
                say(one_line(await asyncio.to_thread(collect, self.settings)))
            await asyncio.sleep(POLL_SECONDS)

    async def _look(self, say: Say) -> None:
        run_path = self.settings.run_path
        if (recorder := heartbeat.read(run_path, "recorder")) and recorder.get("state") == "recording":
            self._once(say, f"Recording live from {len(recorder.get('legs', []))} connections.")
            self._history(say, recorder)
        if (warehouse := heartbeat.read(run_path, "warehouse")) and warehouse.get("watermark"):
            self._once(say, "First candles are in the warehouse.")
        if heartbeat.read(run_path, "dashboard"):
            is_news = self._once(say, f"The chart is at [bold cyan]{self.url}[/]")
            if is_news and self.open_browser:
                await asyncio.to_thread(self.open_browser, self.url)
        self._past(say)

    def _past(self, say: Say) -> None:
        """How many of the exchange's own candles of the past are here, while they are fetched in this run."""
        beat = heartbeat.read(self.settings.run_path, "candles")
        if beat is None or beat["started_at"] < self.started_at:
            return
        what, fraction = f"the exchange's own candles of {days_of(self.settings)} days", beat["done"] / beat["total"]
        if fraction >= 1:
            self._once(say, f"{what.capitalize()} are here.")
        elif fraction - self.past_fraction >= PAST_STEP:
            self.past_fraction = fraction
            say(f"Fetching {what}: {fraction:.0%}")

    def _to_come(self) -> str:
        return ", ".join(
            name for begin, name in TO_COME.items() if not any(text.startswith(begin) for text in self.said)
        )

    def _waits_for(self) -> tuple[str | None, str]:
        """What the recorder waits for, and when it tries again."""
        beat = heartbeat.read(self.settings.run_path, "recorder") or {}
        told = beat.get("waiting")
        if not told or not heartbeat.is_alive(beat):
            return None, ""
        left = max(0.0, (told["until"] or 0) - now_us()) / 1e6
        return told["problem"], f"; trying again in {left:.0f} s" if left >= 1 else "; trying again"

    def _history(self, say: Say, recorder: dict[str, object]) -> None:
        symbols = recorder.get("symbols")
        if not isinstance(symbols, dict) or not symbols:
            return
        fraction = sum(float(symbol["history"]["fraction"]) for symbol in symbols.values()) / len(symbols)
        if fraction >= 1:
            self._once(say, f"History of {_span(self.settings.history)} is complete.")
        elif fraction - self.last_fraction >= 0.1:
            self.last_fraction = fraction
            say(f"Filling {_span(self.settings.history)} of history, newest first: {fraction:.0%}")

    def _once(self, say: Say, text: str) -> bool:
        if text in self.said:
            return False
        self.said.add(text)
        say(text)
        return True


def one_line(report: Report) -> str:
    """The state of everything in one line, however many symbols there are."""
    few = len(report.symbols) <= NAMED_AT_MOST
    heads = ", ".join(f"{each.symbol} {each.head}" for each in report.symbols) if few else ""
    holes = f"{report.holes} ({worst(report.symbols)})" if report.holes and not few else str(report.holes)
    heads = f"head {heads}" if few else f"{len(report.symbols)} symbols"
    audit = ", ".join(f"{count} {verdict}" for verdict, count in report.audit.items() if count)
    return f"{heads} · holes {holes} · candles {audit or 'not audited yet'} · freshness {report.freshness_text}"


def _span(span: timedelta) -> str:
    minutes = span.total_seconds() / 60
    return f"{minutes / 60:g} h" if minutes >= 60 else f"{minutes:g} min"
