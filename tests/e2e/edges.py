"""What a browser shows of a market at an edge, beside the exchange's own truth."""

import csv
import io
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote

from browser.hands import ask_for, button
from browser.visitor import HOOK, Visitor
from e2e.stack import wait_until
from e2e.strict_stack import FIELDS, Exchange, Row

AT_LEAST = 2
"""Minutes that are over, but for the first, which may have begun before its history did."""
IDS = ("first_trade_id", "last_trade_id")


def find(visitor: Visitor, symbol: str, typed: str) -> None:
    """Search a symbol, as with a keyboard for its letters, and open what is found first."""
    visitor.page.locator("button.symbol").click()
    visitor.page.get_by_label("Symbol or timeframe").fill(typed)
    visitor.page.keyboard.press("Enter")
    visitor.page.locator(".legend .name b", has_text=f"{symbol} · 1m").wait_for()


def shown(visitor: Visitor, exchange: Exchange, symbol: str) -> list[Row]:
    """Wait until the bars on screen are the exchange's; the true candles of those that are over, but for the first."""
    candles: list[Row] = []

    def is_true() -> bool:
        bars = visitor.ask(
            f"{HOOK}.bars().map((b) => [b.time, b.open, b.high, b.low, b.close, b.volume, b.quoteVolume, b.trades])"
        )[1:-1]
        if len(bars) < AT_LEAST:
            return False
        candles[:] = exchange.candles(symbol, bars[0][0] * 1_000_000, (bars[-1][0] + 60) * 1_000_000)
        return bars == [[row[0] // 1_000_000, *map(float, row[3:10])] for row in candles]

    wait_until(is_true, f"the bars of {symbol} on screen to be the exchange's")
    price = visitor.page.locator(".numbers .value").nth(3).inner_text()
    newest = visitor.ask(f"{HOOK}.bars().at(-1).close")
    assert float(price.replace(",", "")) == newest, "the legend's close"
    return candles


def assert_lineage_is_true(visitor: Visitor, candle: Row) -> None:
    """The lineage of a bar that has its verdict: its ids, and its nine numbers on both sides."""
    page = visitor.page
    back = visitor.ask(f"{HOOK}.bars().length - 1 - {HOOK}.bars().findIndex((b) => b.time * 1e6 === {candle[0]})")
    assert ask_for(visitor, back) * 1_000_000 == candle[0]
    verdict = page.locator(".lineage .verdict").get_attribute("data-verdict")
    assert verdict == "match", verdict
    assert [int(text) for text in page.locator(".lineage .ids code").all_inner_texts()] == list(candle[1:3])
    rows = [row.locator("td").all_inner_texts() for row in page.locator(".lineage tbody tr").all()[: len(FIELDS)]]
    assert [(Decimal(ours), Decimal(theirs)) for ours, theirs, _ in rows] == [(value, value) for value in candle[3:]]
    page.keyboard.press("Escape")
    page.locator(".lineage").wait_for(state="detached")


def assert_file_is_true(visitor: Visitor, candles: list[Row], symbol: str, folder: Path) -> None:
    """The bars as a file: named for the symbol, with every digit."""
    button(visitor, "Picture and export").click()
    with visitor.page.expect_download() as download:
        visitor.page.get_by_role("menuitem", name="Visible bars as CSV").click()
    name = download.value.suggested_filename
    assert name.startswith(f"{symbol}-1m-"), quote(name)
    download.value.save_as(folder / name)
    written = list(csv.DictReader(io.StringIO((folder / name).read_text(encoding="utf-8"))))
    rows = [[*(int(row[key]) for key in IDS), *(Decimal(row[key]) for key in FIELDS)] for row in written]
    assert all(list(candle[1:]) in rows for candle in candles), symbol
