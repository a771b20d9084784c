"""A recorder at twenty times BTCUSDT's mean, with a fault every few seconds: is its memory flat, is any trade missing?

    python benchmarks/soak.py --minutes 30

BTCUSDT's mean is 30 trades/s (2.6 million a day: 19,904 trades in eleven minutes of the recorded evening of
2024-08-08). The local exchange makes 600 trades/s in this process and injects faults of every kind that a recorder
can meet; the recorder runs in a process of its own, whose resident memory is read from /proc. In the end every trade
in the lake is compared with the exchange's own, in all its fields.
"""

import argparse
import asyncio
import logging
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import structlog

from candlewick import trade
from candlewick.config import Settings, load
from candlewick.fake_binance.faults import KINDS, Plan, RandomFaults, Script
from candlewick.fake_binance.server import wire
from candlewick.fake_binance.server.options import ExchangeOptions
from candlewick.fake_binance.server.server import Exchange
from candlewick.fake_binance.server.wire import Unit
from candlewick.lake.objects import Lake
from candlewick.process import heartbeat
from candlewick.spans import Spans
from candlewick.trade import Trade

SYMBOL = "BTCDEMO"
MEAN, TIMES = 30.0, 20
FAULT_EVERY = 5.0
SAMPLE_SECONDS = 5.0
SETTLED_SECONDS = 420.0
"""By then the feed's ring holds its 200,000 trades."""
HEAL_SECONDS = 900.0
CHUNK = 100_000
UNFIT = {"conflict", "conflict_first"}
"""Kinds that put a second copy of a trade into the lake on purpose; the simulation has them."""
FIELDS = np.dtype([("id", "<i8"), ("print", "<i8")])


@dataclass
class Soak:
    """What was seen: (seconds, resident MB), what was traded, what is in the lake."""

    memory: list[tuple[float, float]] = field(default_factory=list)
    traded: int = 0
    missing: int = 0
    wrong: int = 0
    twice: int = 0
    declared: int = 0
    faults: int = 0
    kinds: int = 0
    backfilled: int = 0
    connections: int = 0


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with tempfile.TemporaryDirectory() as home:
        soak = asyncio.run(_soak(Path(home), options.minutes * 60, options.seed))
    _report(soak, options.minutes, options.seed)
    sys.exit(bool(soak.missing or soak.wrong or soak.twice))


async def _soak(home: Path, seconds: float, seed: int) -> Soak:
    kinds = [kind.name for kind in KINDS.values() if kind.room != "archive" and kind.name not in UNFIT]
    script, soak = Script(), Soak()
    options = ExchangeOptions(
        port=0, seed=seed, symbols=(SYMBOL,), rate=MEAN * TIMES, history=timedelta(minutes=5), weight_limit=6_000
    )
    async with Exchange(options, script) as exchange:
        settings = _settings(home, exchange)
        recorder = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "candlewick", "record", "--config", str(home / "candlewick.toml"),
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            await _until(lambda: _numbers(settings).get("state") == "recording", "the recorder", 60.0)
            script.follow(RandomFaults(seed, kinds, FAULT_EVERY))
            await _watch(recorder, soak, seconds)
            script.follow(Plan())
            script.heal()
            soak.faults, soak.kinds = len(script.journal), len(script.journal.counts)
            await _until(lambda: script.is_quiet, "the end of the faults", HEAL_SECONDS)
            head = exchange.head(SYMBOL)
            await _until(lambda: _has_all(settings, script, head), f"all up to {head}", HEAL_SECONDS)
            said = _numbers(settings)
            soak.backfilled = said["symbols"][SYMBOL]["backfilled"]
            soak.connections = sum(leg["connections"] for leg in said["legs"])
        finally:
            if recorder.returncode is None:
                recorder.send_signal(signal.SIGTERM)
            await recorder.wait()
        _compare(settings, exchange, script, head, soak)
    return soak


def _settings(home: Path, exchange: Exchange) -> Settings:
    """Write the recorder's configuration and read it back."""
    text = (
        f'symbols = ["{SYMBOL}"]\nprefix = "demo"\ndata = "{home / "data"}"\nhistory = "0s"\n'
        f'[exchange]\nstreams = ["{exchange.ws_url}"]\nrest = ["{exchange.rest_url}"]\n[feed]\nport = 0\n'
    )
    path = home / "candlewick.toml"
    path.write_text(text)
    return load(path)


def _numbers(settings: Settings) -> dict[str, Any]:
    return heartbeat.read(settings.run_path, "recorder") or {}


def _has_all(settings: Settings, script: Script, head: int) -> bool:
    """Whether all that exists up to an id is durable, and nothing that exists is declared."""
    said = _numbers(settings)["symbols"][SYMBOL]
    absent = Spans(script.holes.ranges(SYMBOL))
    return said["holes"] == 0 and (said["head"] or 0) >= head and said["declared"] <= absent.count


async def _watch(recorder: asyncio.subprocess.Process, soak: Soak, seconds: float) -> None:
    """Read the recorder's resident memory for so long."""
    began = time.monotonic()
    while (passed := time.monotonic() - began) < seconds:
        if recorder.returncode is not None:
            raise SystemExit(f"the recorder ended with {recorder.returncode} after {passed:.0f} s")
        soak.memory.append((passed, _resident_mb(recorder.pid)))
        await asyncio.sleep(SAMPLE_SECONDS)


def _resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1_024


async def _until(condition: Callable[[], object], what: str, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"waited {seconds:.0f} s in vain for {what}")
        await asyncio.sleep(0.5)


def _compare(settings: Settings, exchange: Exchange, script: Script, head: int, soak: Soak) -> None:
    """Compare the lake with the exchange's own tape, from its first id to `head`."""
    lake = Lake.open(settings.lake_url, settings.prefix)
    found = np.sort(np.fromiter(_in_lake(lake), FIELDS), order="id")
    found = found[found["id"] <= head]
    first = int(found["id"][0])
    truth = np.fromiter(_traded(exchange, first, head), FIELDS)
    soak.traded = len(truth)
    ids, places = np.unique(found["id"], return_index=True)
    soak.twice = len(found) - len(ids)
    soak.missing = len(np.setdiff1d(truth["id"], ids, assume_unique=True))
    both, in_truth, in_lake = np.intersect1d(truth["id"], ids, assume_unique=True, return_indices=True)
    soak.wrong = int((truth["print"][in_truth] != found["print"][places][in_lake]).sum()) + len(ids) - len(both)
    soak.declared = Spans(script.holes.ranges(SYMBOL)).common(Spans([(first, head)])).count


def _in_lake(lake: Lake) -> Iterator[tuple[int, int]]:
    for item in lake.list_all():
        for line in lake.read_object(item.name).lines:
            if line.startswith(b'{"e":"trade"'):
                yield _row(trade.decode_trade(line))


def _traded(exchange: Exchange, first: int, last: int) -> Iterator[tuple[int, int]]:
    for start in range(first, last + 1, CHUNK):
        trades = exchange.market.trades(SYMBOL, start, min(start + CHUNK - 1, last))
        for _, payload in wire.trade_events(trades, Unit.MICROSECOND):
            yield _row(trade.decode_trade(payload.encode()))


def _row(one: Trade) -> tuple[int, int]:
    """Return an id and what stands for all that both sources say of its trade."""
    return one.trade_id, hash((one.symbol, one.price, one.quantity, one.traded_at, one.is_buyer_maker))


def _report(soak: Soak, minutes: float, seed: int) -> None:
    settled = [(at, mb) for at, mb in soak.memory if at >= min(SETTLED_SECONDS, minutes * 30)]
    slope = statistics.linear_regression(*zip(*settled, strict=True)).slope * 3_600 if len(settled) > 2 else 0.0
    third = max(1, len(settled) // 3)
    before, after = (statistics.median(mb for _, mb in part) for part in (settled[:third], settled[-third:]))
    print(f"{minutes:g} minutes at {MEAN * TIMES:.0f} trades/s ({TIMES} x {MEAN:.0f}), seed {seed}")
    print(f"faults           {soak.faults} of {soak.kinds} kinds, one every {minutes * 60 / max(1, soak.faults):.1f} s")
    print(f"traded           {soak.traded:,}; declared not to exist {soak.declared:,}")
    print(f"missing          {soak.missing}; wrong {soak.wrong}; twice {soak.twice}")
    print(f"filled by id     {soak.backfilled:,} trades; connections opened {soak.connections}")
    print(f"resident memory  {before:.0f} MB once settled, {after:.0f} MB in the last third, {slope:+.1f} MB an hour")
    print(f"                 MB every {minutes / 10:g} min: {' '.join(f'{mb:.0f}' for mb in _ten(soak))}")


def _ten(soak: Soak) -> list[float]:
    step = max(1, len(soak.memory) // 10)
    return [mb for _, mb in soak.memory[::step]]


if __name__ == "__main__":
    main()
