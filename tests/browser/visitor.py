"""A visitor with a browser: what it does on the page, and what the page's debug hook tells of it."""

import re
from typing import Any

from playwright.sync_api import ConsoleMessage, Page, Request

HOOK = "window.__candlewick"
READY_MS = 60_000
PRICE_AXIS = 75
"""About so wide is it, in px."""
PER_PX = 100 / 80
"""The chart library's measure of a wheel that goes sideways."""


class Visitor:
    """One page of one browser profile, watched for errors and for requests that leave the host."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.foreign: list[str] = []
        self.errors: list[str] = []
        self.expects_outage = False
        page.set_default_timeout(READY_MS)
        page.on("request", self._on_request)
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def open(self, path: str) -> "Visitor":
        """Go to a path, with the debug hook on."""
        self.page.goto(f"{self.url}{path}{'&' if '?' in path else '?'}debug")
        return self

    def wait_for_bars(self, count: int = 60) -> "Visitor":
        """Wait until the chart shows as many bars, and ticks."""
        self.wait(f"{HOOK}?.bars().length >= {count} && {HOOK}.ticks.length > 0")
        self.ask(
            "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )  # now they are painted
        return self

    def wait_for_streamlit(self) -> None:
        """Wait until the page is connected and its script has run: until then it is paler than it will be."""
        at_rest = "[data-test-connection-state=CONNECTED][data-test-script-state=notRunning]"
        self.page.locator(f"[data-testid=stApp]{at_rest}").wait_for()

    def wear(self, theme: str) -> None:
        """Turn the system's theme, and wait until the page wears it; without motion, no colour is between two."""
        self.page.emulate_media(color_scheme="light" if theme == "light" else "dark", reduced_motion="reduce")
        ground = {"light": "rgb(255, 255, 255)", "dark": "rgb(19, 23, 34)"}[theme]
        self.wait(
            "[document.querySelector('[data-testid=stApp]') ?? document.querySelector('.terminal')]"
            f".every((ground) => getComputedStyle(ground).backgroundColor === '{ground}')"
        )
        self.ask("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def wait(self, condition: str, timeout: float = READY_MS) -> None:
        """Wait until a JavaScript expression holds."""
        self.page.wait_for_function(condition, timeout=timeout)

    def wait_for_ticks(self, count: int) -> None:
        """Wait until as many more ticks have been painted."""
        seen = self.ask(f"{HOOK}.ticks.length")
        self.wait(f"{HOOK}.ticks.length >= {seen + count}")

    def wait_for_health(self, health: str) -> None:
        """Wait until the status bar says how the connection is."""
        self.page.locator(".health", has_text=re.compile(f"^{health}")).wait_for()

    def ask(self, expression: str) -> Any:
        """The value of a JavaScript expression."""
        return self.page.evaluate(expression)

    def view(self) -> tuple[float, float]:
        """The exact range of bar positions on screen."""
        view = self.ask(f"{HOOK}.view()")
        return view["from"], view["to"]

    def anchored_view(self) -> tuple[float, float]:
        """The view as distances from one bar, found again by its time: the same after older bars have come."""
        return self.ask(
            f"""(() => {{
                const view = {HOOK}.view(), bars = {HOOK}.bars();
                window.__anchor ??= bars[Math.max(0, Math.floor(view.from))].time;
                const index = bars.findIndex((bar) => bar.time === window.__anchor);
                return [view.from - index, view.to - index];
            }})()"""
        )

    def look_back(self, bars: int = 20) -> "Visitor":
        """Move the newest bar, which has room for 8 at its right, off the screen: a next bar moves nothing then.

        The chart moves in its next frame; until then each bar is still where it was.
        """
        position = f"{HOOK}.view().to - {HOOK}.bars().length"
        before = self.ask(f"[{position}, {HOOK}.pan(-{bars})][0]")
        self.wait(f"{position} < {before - bars + 0.5}")
        return self

    def scroll_back(self) -> None:
        """Zoom in with the wheel and drag the chart to the right, as a hand does."""
        box = self.page.locator(".canvas").bounding_box()
        assert box
        x, y = box["x"] + box["width"] * 0.45, box["y"] + box["height"] * 0.4
        self.page.mouse.move(x, y)
        self.page.mouse.wheel(0, -240)
        self.page.mouse.down()
        self.page.mouse.move(x + 300, y, steps=6)
        self.page.wait_for_timeout(120)  # a hand that rests before it lets go leaves no momentum
        self.page.mouse.up()
        self.page.mouse.move(x, y + 10)

    def drag(self, bars: float) -> None:
        """Move the view by so many bars with the mouse, to older ones where negative; far by a sideways wheel."""
        box = self.page.locator(".canvas").bounding_box()
        assert box
        start, end = self.view()
        way = -bars * (box["width"] - PRICE_AXIS) / (end - start + 1)
        x, y = box["x"] + box["width"] * (0.2 if way > 0 else 0.8), box["y"] + box["height"] * 0.3
        self.page.mouse.move(x, y)
        if abs(way) > box["width"] / 2:
            self.page.mouse.wheel(-way * PER_PX, 0)
            return
        self.page.mouse.down()
        for px in (
            6,
            7,
        ):  # the chart takes hold after some px, and goes from the next place on; moves of a frame are one
            self.page.mouse.move(x + px, y)
            self.ask("new Promise(requestAnimationFrame)")
        self.page.mouse.move(x + 7 + way, y, steps=4)
        self.page.wait_for_timeout(120)  # as in `scroll_back`
        self.page.mouse.up()

    def check(self) -> None:
        """Nothing went to another host, and nothing went wrong."""
        assert not self.foreign, f"requests left this host: {self.foreign}"
        assert not self.errors, self.errors

    def _on_request(self, request: Request) -> None:
        if not request.url.startswith((self.url, "data:", "blob:")):
            self.foreign.append(request.url)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not self.expects_outage:
            self.errors.append(f"{message.text} ({message.location.get('url')})")
