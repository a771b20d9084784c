"""Takes the pictures in docs/img from a running dashboard, with the Chromium of the system.

candlewick up --demo &
python scripts/screenshot.py --url http://127.0.0.1:8501
"""

import argparse
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

IMAGES = Path(__file__).parent.parent / "docs" / "img"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--font-render-hinting=none"]
READY_MS = 60_000
BARS = 50
FLOW_MS = 6_000


@dataclass(frozen=True)
class Picture:
    """One picture: a page, in a size and a theme."""

    name: str
    path: str
    width: int
    height: int
    theme: str
    keys: tuple[str, ...] = ()
    """Keys to press once there are bars; the crosshair is on one."""


GRID = "&".join(f"symbol={symbol}&tf={timeframe}" for symbol in ("BTCDEMO", "ETHDEMO") for timeframe in ("1m", "5m"))
FLOW = "symbol=BTCDEMO&tf=1m"
PICTURES = (
    Picture("chart-dark", "/?tf=1m", 1440, 900, "dark"),
    Picture("chart-light", "/?tf=1m", 1440, 900, "light"),
    Picture("chart-phone", "/?tf=1m", 390, 844, "dark"),
    Picture("chart-indicators", "/?symbol=BTCDEMO&tf=1m&ind=ema(21),bb,rsi,macd&type=hollow", 1440, 900, "dark"),
    Picture("chart-grid", f"/?{GRID}", 1440, 900, "dark"),
    Picture("orderflow-dark", "/chart?symbol=BTCDEMO&tf=1m&flow=bidask,visible", 1440, 900, "dark"),
    Picture(
        "orderflow-light", "/chart?symbol=BTCDEMO&tf=1m&flow=bidask,large&ind=delta,cvd", 1440, 900, "light", ("Alt+y",)
    ),
    Picture("orderflow-bar", "/chart?symbol=BTCDEMO&tf=1m&flow=delta", 1440, 900, "dark", ("Alt+o",)),
    Picture("orderflow-phone", "/chart?symbol=BTCDEMO&tf=1m&flow=bidask", 390, 844, "dark"),
    Picture("pipeline-dark", "/pipeline", 1440, 900, "dark"),
    Picture("pipeline-light", "/pipeline", 1440, 900, "light"),
)


def main() -> None:
    """Take every picture, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--url", default="http://127.0.0.1:8501", help="a running dashboard")
    parser.add_argument("--out", type=Path, default=IMAGES, help="the folder for the pictures")
    parser.add_argument("names", nargs="*", help=f"of {', '.join(picture.name for picture in PICTURES)}")
    arguments = parser.parse_args()
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("there is no Chromium; scripts/chromium.sh installs it")
    arguments.out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for picture in PICTURES:
            if not arguments.names or picture.name in arguments.names:
                take(browser, arguments.url, picture, arguments.out / f"{picture.name}.png")
        browser.close()


def take(browser: Browser, url: str, picture: Picture, target: Path) -> None:
    """Open the page as a visitor of that size and taste, wait until it shows its numbers, and save it."""
    size = {"width": picture.width, "height": picture.height}
    context = browser.new_context(viewport=size, color_scheme=picture.theme, bypass_csp=True)  # type: ignore[arg-type]
    page = context.new_page()
    separator = "&" if "?" in picture.path else "?"
    page.goto(f"{url}{picture.path}{separator}debug")
    wait_for_numbers(page, picture)
    page.screenshot(path=target, timeout=READY_MS)
    context.close()
    print(f"{target}: {picture.width}x{picture.height}, {picture.theme}")


def wait_for_numbers(page: Page, picture: Picture) -> None:
    """A chart is ready when it has candles and ticks, another page when its numbers are there."""
    if picture.path.startswith(("/?", "/chart?")):
        ready = f"window.__candlewick?.bars().length >= {BARS} && window.__candlewick.ticks.length > 5"
        page.wait_for_function(ready, timeout=READY_MS)
        page.mouse.move(picture.width * 0.62, picture.height * 0.45)
        for key in picture.keys:
            page.keyboard.press(key)
        if picture.keys or "flow=" in picture.path:
            page.wait_for_timeout(FLOW_MS)
    else:
        page.wait_for_selector(".candlewick-health .tile", timeout=READY_MS)
    page.wait_for_timeout(500)


if __name__ == "__main__":
    main()
