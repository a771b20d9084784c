"""Replay: the tape is played again, and makes the very bars that the warehouse has."""

import re
from datetime import UTC, datetime

from browser.conftest import Visit
from browser.visitor import HOOK, Visitor
from candlewick.mart.reader import Mart
from e2e.stack import Stack

BARS = 3


def press(visitor: Visitor, name: str) -> None:
    visitor.page.get_by_role("button", name=name, exact=True).click()


def words(visitor: Visitor) -> str:
    return visitor.page.locator(".replay-words").inner_text()


def start(visitor: Visitor) -> int:
    """Start a replay in the middle of the screen; returns the open time of its first bar."""
    press(visitor, "Replay")
    box = visitor.page.locator(".canvas").bounding_box()
    assert box
    visitor.page.mouse.click(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.3)
    visitor.page.locator(".replay-words", has_text="trade").wait_for()
    return int(visitor.ask(f"{HOOK}.bars().at(-1).time"))


def test_a_replay_makes_the_warehouses_own_bars_trade_by_trade(visit: Visit, demo: Stack) -> None:
    visitor = visit("/chart?symbol=BTCDEMO&tf=1m").wait_for_bars()
    opened = start(visitor)
    assert visitor.ask(f"{HOOK}.bars().at(-1).trades") == 1
    press(visitor, "One trade on")
    visitor.wait(f"{HOOK}.bars().at(-1).trades === 2")
    visitor.page.locator(".replay-speed").click()
    visitor.page.get_by_role("menuitem", name="1000×", exact=True).click()
    press(visitor, "Play")
    visitor.wait(f"{HOOK}.bars().at(-1).time >= {opened + 60 * BARS}")
    press(visitor, "Pause")
    shown = {bar["time"]: bar for bar in visitor.ask(f"{HOOK}.bars()")}
    rows = Mart(demo.settings.mart_path).candles("BTCDEMO", "1m").to_pylist()
    for row in rows:
        time = int(row["open_time"].timestamp())
        if opened <= time < opened + 60 * BARS:
            names = {"open": "open", "high": "high", "low": "low", "close": "close", "volume": "volume"}
            names |= {"quoteVolume": "quote_volume", "trades": "trade_count"}
            assert {name: shown[time][name] for name in names} == {name: float(row[of]) for name, of in names.items()}


def test_a_replay_is_told_as_one_and_raises_no_alarm(visit: Visit) -> None:
    visitor = visit("/chart?symbol=BTCDEMO&tf=1m").wait_for_bars()
    visitor.wait_for_health("live")
    start(visitor)
    health = visitor.page.locator(".health")
    visitor.page.locator(".health[data-health=replay]").wait_for()
    assert health.inner_text() == "replay"
    assert visitor.page.locator(".bottom").get_by_text("closes in").is_hidden()
    assert visitor.page.locator(".bottom").get_by_text("feed").is_hidden()
    press(visitor, "Back to live")
    visitor.wait_for_health("live")


def test_it_pauses_steps_and_goes_back_to_live(visit: Visit) -> None:
    visitor = visit("/chart?symbol=ETHDEMO&tf=1m").wait_for_bars()
    newest = visitor.ask(f"{HOOK}.bars().at(-1).time")
    opened = start(visitor)
    assert opened < newest
    ids = []
    for _ in range(3):
        match = re.search(r"trade (\d+)", words(visitor))
        assert match
        ids.append(int(match[1]))
        visitor.page.keyboard.press("Shift+ArrowRight")
        visitor.page.locator(".replay-words", has_text=f"trade {ids[-1] + 1}").wait_for()
    assert ids == [ids[0], ids[0] + 1, ids[0] + 2]
    press(visitor, "Back to live")
    visitor.wait(f"{HOOK}.bars().at(-1).time >= {newest}")
    visitor.wait_for_ticks(2)
    assert visitor.page.locator(".replay").count() == 0


def trade_of(visitor: Visitor) -> int:
    match = re.search(r"trade (\d+)", words(visitor))
    assert match, words(visitor)
    return int(match[1])


def test_a_replay_goes_on_in_another_timeframe_from_the_same_trade(visit: Visit, demo: Stack) -> None:
    visitor = visit("/chart?symbol=BTCDEMO&tf=1m").wait_for_bars()
    start(visitor)
    last = trade_of(visitor)
    for _ in range(5):
        visitor.page.keyboard.press("Shift+ArrowRight")
        last += 1
        visitor.page.locator(".replay-words", has_text=f"trade {last}").wait_for()
    visitor.page.keyboard.type("3m")
    visitor.page.keyboard.press("Enter")
    visitor.page.locator(".legend .name b", has_text="BTCDEMO · 3m").wait_for()
    tape = "from silver.trades_deduped where symbol = 'BTCDEMO' "
    mart = Mart(demo.settings.mart_path)
    [at] = mart.query(
        f"select time_bucket(interval '3 minutes', traded_at) as opened {tape} and trade_id = ?", [last]
    ).to_pylist()
    statement = f"select count(*) as n, max(price) as high {tape} and traded_at >= ? and trade_id <= ?"
    [expected] = mart.query(statement, [at["opened"], last]).to_pylist()
    visitor.wait(
        f"{HOOK}.bars().at(-1).trades === {expected['n']}"
    )  # the bar is built of its own trades, up to this one
    bar = visitor.ask(f"{HOOK}.bars().at(-1)")
    assert bar["time"] == at["opened"].replace(tzinfo=UTC).timestamp()
    assert bar["high"] == float(expected["high"])
    visitor.page.keyboard.press("Shift+ArrowRight")
    visitor.page.locator(".replay-words", has_text=f"trade {last + 1}").wait_for()


def test_a_replay_goes_to_a_time_of_the_tape(visit: Visit, demo: Stack) -> None:
    visitor = visit("/chart?symbol=BTCDEMO&tf=1m&tz=UTC").wait_for_bars()
    opened = start(visitor)
    wanted = opened + 60 * 5 + 30
    press(visitor, "Go to a time of the tape")
    moment = datetime.fromtimestamp(wanted, UTC).replace(tzinfo=None)
    visitor.page.get_by_label("Date and time").evaluate(
        "(field, at) => { field.value = at; }", moment.isoformat(timespec="seconds")
    )
    visitor.page.keyboard.press("Enter")
    statement = "select max(trade_id) as id from silver.trades_deduped where symbol = 'BTCDEMO' and traded_at <= ?"
    [newest] = Mart(demo.settings.mart_path).query(statement, [moment]).to_pylist()
    visitor.page.locator(".replay-words", has_text=f"trade {newest['id']}").wait_for()
    assert visitor.ask(f"{HOOK}.bars().at(-1).time") == opened + 60 * 5
