"""What is in the lake beside what was traded: each trade once and in all its fields, or declared with evidence."""

import hashlib
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import msgspec

from candlewick.fake_binance.server import wire
from candlewick.fake_binance.server.wire import Unit
from candlewick.lake.manifest import Manifest
from candlewick.lake.objects import Lake
from candlewick.moments import MINUTE
from candlewick.spans import Spans

Line = dict[str, Any]
_DECODER = msgspec.json.Decoder(Line)
_OURS = {"src", "recv"}


@dataclass
class Found:
    """What the lake holds of one symbol: trades by id, candles by open time (µs), ids with evidence of absence."""

    trades: dict[int, list[Line]] = field(default_factory=lambda: defaultdict(list))
    candles: dict[int, list[Line]] = field(default_factory=lambda: defaultdict(list))
    absent: Spans = field(default_factory=Spans)

    @property
    def ids(self) -> Spans:
        """The ids that are there."""
        return Spans((trade_id, trade_id) for trade_id in sorted(self.trades))


@dataclass
class Holdings:
    """The whole lake: what it holds by symbol, its newest manifest, and a digest of all its bytes."""

    of: dict[str, Found]
    newest: Manifest
    trades: int
    digest: str


def read(lake: Lake) -> Holdings:
    """Read every object. Raises `TornObjectError` for one that is not whole."""
    of: dict[str, Found] = defaultdict(Found)
    found = [lake.read_object(item.name) for item in sorted(lake.list_all())]
    manifests = sorted((each.manifest for each in found), key=lambda manifest: manifest.seq)
    for line in (_DECODER.decode(line) for each in found for line in each.lines):
        match line["e"]:
            case "trade":
                of[line["s"]].trades[line["t"]].append(line)
            case "kline":
                of[line["s"]].candles[line["k"]["t"]].append(line)
            case "hole":
                of[line["s"]].absent.add(line["first"], line["last"])
    _check_chain([each.name for each in found], manifests)
    whole = hashlib.sha256(b"".join(each.name.encode() + b"".join(each.lines) for each in found)).hexdigest()
    return Holdings(of, manifests[-1], sum(len(each.trades) for each in of.values()), whole)


def _check_chain(names: list[str], manifests: list[Manifest]) -> None:
    """Every object is once in the chain that the loader follows."""
    seqs = [manifest.seq for manifest in manifests]
    assert seqs == list(range(1, len(seqs) + 1)), f"objects are not counted one by one: {_odd(seqs)}"
    linked = [manifest.prev for manifest in manifests if manifest.prev is not None]
    assert len(set(linked)) == len(linked) == len(manifests) - 1, "two objects follow the same one"
    assert set(linked) <= set(names), "an object follows one that is not there"


def _odd(seqs: list[int]) -> list[int]:
    return [seq for place, seq in enumerate(seqs, 1) if seq != place][:5]


def check(symbol: str, found: Found, newest: Manifest, truth: list[Line], holes: Spans, disputed: set[int]) -> None:
    """Compare a symbol's trades with the exchange's own events, all that there are from the floor on.

    `holes` are ids that do not exist, `disputed` those that came in two versions. Raises `AssertionError`.
    """
    events = {event["t"]: event for event in truth}
    first, last = min(events), max(events)
    trades = {trade_id: lines for trade_id, lines in found.trades.items() if first <= trade_id <= last}
    _none(events.keys() - trades.keys(), f"{symbol}: traded and not in the lake")
    _none(trades.keys() - events.keys(), f"{symbol}: in the lake and never traded")
    for trade_id, lines in trades.items():
        true = [line for line in lines if _told(line) == _expected(events[trade_id], line["src"])]
        assert true, f"{symbol} {trade_id}: no true copy in the lake: {lines}, traded: {events[trade_id]}"
        assert len(lines) == 1 or trade_id in disputed, f"{symbol} {trade_id} is there more than once: {lines}"
    wanted = [(max(start, first), min(end, last)) for start, end in holes]
    absent = Spans((start, end) for start, end in wanted if start <= end)
    declared = Spans(newest.declared.get(symbol, ()))
    _none(_within(declared, first, last).without(absent), f"{symbol}: declared, and they exist")
    _none(absent.without(declared), f"{symbol}: do not exist, and are not declared")
    _none(absent.without(found.absent), f"{symbol}: declared without evidence in the lake")
    covered = Spans(newest.covered.get(symbol, ()))
    assert covered == found.ids, f"{symbol}: the manifest says {covered}, there are {found.ids}"


def check_candles(symbol: str, found: Found, truth: list[Line], until_us: int) -> None:
    """Compare the exchange's candles with those of its trades, for every minute that is whole and over.

    Raises `AssertionError`.
    """
    by_minute: dict[int, list[Line]] = defaultdict(list)
    for event in truth:
        by_minute[event["T"] // MINUTE].append(event)
    first, last = min(by_minute) + 1, until_us // MINUTE - 1
    there = Spans((minute, minute) for minute in sorted({opens // MINUTE for opens in found.candles}))
    _none(there.missing(first, last), f"{symbol}: minutes without a candle in the lake")
    for minute in range(first, last + 1):
        for line in found.candles[minute * MINUTE]:
            _compare(line["k"], by_minute.get(minute, []))


def _compare(candle: Line, trades: list[Line]) -> None:
    assert candle["n"] == len(trades), f"a candle of {candle['n']} trades, of {len(trades)}: {candle}"
    assert Decimal(candle["v"]) == sum((Decimal(each["q"]) for each in trades), Decimal(0)), f"another volume: {candle}"
    if trades:
        assert (candle["o"], candle["c"]) == (trades[0]["p"], trades[-1]["p"]), f"other prices: {candle}"


def _none(ids: Any, what: str) -> None:
    spans = ids if isinstance(ids, Spans) else Spans((each, each) for each in sorted(ids))
    assert not spans, f"{what}: {spans.ranges()[:8]} ({spans.count} in all)"


def _within(ids: Spans, first: int, last: int) -> Spans:
    return Spans((max(start, first), min(end, last)) for start, end in ids if start <= last and end >= first)


def _told(line: Line) -> Line:
    return {name: value for name, value in line.items() if name not in _OURS}


def _expected(event: Line, source: str) -> Line:
    """Return how a trade looks from a source: REST does not tell when its event was sent."""
    return event if source == "ws" else event | {"E": event["T"]}


def events(trades: Any) -> list[Line]:
    """Return trades of the exchange as the events that it sends."""
    return [_DECODER.decode(payload) for _, payload in wire.trade_events(trades, Unit.MICROSECOND)]
