"""Events of web-socket-streams.md as JSON that a client may not expect, and yet must take."""

import json
from decimal import Decimal
from random import Random

from .market import Candle, Trade

_STRANGERS: tuple[tuple[str, object], ...] = (
    ("st", 0),
    ("X", "MARKET"),
    ("note", 'not a field: "t":1,"p":"0.1"} \\'),
    ("nested", {"e": "trade", "t": -1, "s": "NOT", "data": [{"p": "0"}, []]}),
    ("名", "é\u2028😀"),
    ("nil", None),
    ("rate", 1.5e-7),
)


def bare(number: Decimal) -> str:
    """A number as the documents' examples of events write it: without zeros at its end."""
    return f"{number.normalize():f}"


def trade_event(symbol: str, trade: Trade) -> dict[str, object]:
    """A trade; times in µs."""
    return {
        "e": "trade", "E": trade.event, "s": symbol, "t": trade.id, "p": bare(trade.price), "q": bare(trade.quantity),
        "T": trade.time, "m": trade.buyer_is_maker, "M": True,
    }  # fmt: skip


def kline_event(symbol: str, interval: str, candle: Candle, now: int, *, closed: bool) -> dict[str, object]:
    """A bar; times in µs."""
    bar: dict[str, object] = {
        "t": candle.open_time, "T": candle.close_time, "s": symbol, "i": interval, "f": candle.first, "L": candle.last,
        "o": bare(candle.open), "c": bare(candle.close), "h": bare(candle.high), "l": bare(candle.low),
        "v": bare(candle.volume), "n": candle.count, "x": closed, "q": bare(candle.quote_volume),
        "V": bare(candle.taker_volume), "Q": bare(candle.taker_quote_volume), "B": "123456",
    }  # fmt: skip
    return {"e": "kline", "E": now, "s": symbol, "k": bar}


def in_unit(event: dict[str, object], unit: int) -> dict[str, object]:
    """`event` with its times in units of `unit` µs."""
    if unit == 1:
        return event
    times = {"trade": ("E", "T"), "kline": ("E",), "serverShutdown": ("E",)}[str(event["e"])]
    changed = event | {name: int(str(event[name])) // unit for name in times}
    if isinstance(bar := event.get("k"), dict):
        changed["k"] = bar | {name: bar[name] // unit for name in ("t", "T")}
    return changed


def written(event: dict[str, object], stream: str | None, rng: Random) -> bytes:
    """`event` as UTF-8: fields in any order, strangers among them, in a combined stream's envelope if it is named."""
    event = _shuffled(event, rng)
    if isinstance(bar := event.get("k"), dict):
        event["k"] = _shuffled(bar, rng)
    whole = event
    if stream is not None:
        whole = {"stream": stream, "data": event}
        if rng.random() < 0.2:
            whole = _shuffled(whole, rng)
    separators = (", ", ": ") if rng.random() < 0.1 else (",", ":")
    return json.dumps(whole, ensure_ascii=False, separators=separators).encode()


def _shuffled(fields: dict[str, object], rng: Random) -> dict[str, object]:
    items = list(fields.items())
    if rng.random() < 0.5:
        items += [each for each in rng.sample(_STRANGERS, rng.randrange(3)) if each[0] not in fields]
        rng.shuffle(items)
    return dict(items)
