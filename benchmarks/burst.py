"""A burst: what the recorder does while more comes than it can take, and how soon all of it is durable.

    python benchmarks/burst.py                                     500 symbols: 5,000/s, 50,000/s, 5,000/s
    python benchmarks/burst.py --symbols 1 --plan 5000x20
    python benchmarks/burst.py --symbols 1 --plan 1000000x0.5      as fast as it takes them

`wire.py` is the exchange, the recorder is the `candlewick record` that a user runs, with two legs, into a folder. Each
second it prints what the heartbeat says. At the end every trade must be in the lake, once, and the figures follow: CPU
seconds of the recorder, longest time between two beats and between two durable objects, worst lag.
"""

import argparse
import json
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from candlewick.lake.names import parse
from candlewick.lake.objects import Lake, unpack
from e2e.stack import Stack, free_port, wait_until
from made import leash
from scale import cpu_seconds, memory_mb

DEADLINE = 120.0
Ask = Callable[..., dict[str, Any]]
"""What asks the exchange: a path, and a method other than GET."""


@dataclass
class Seen:
    """What one sample of the heartbeat after the other showed."""

    beats: list[int] = field(default_factory=list)
    objects: list[tuple[int, int]] = field(default_factory=list)
    lags: list[float] = field(default_factory=list)
    buffered: list[int] = field(default_factory=list)

    def note(self, beat: dict[str, Any]) -> None:
        """Take a beat, unless it is the one that was taken last."""
        if not beat or (self.beats and beat["beat_at"] == self.beats[-1]):
            return
        self.beats.append(beat["beat_at"])
        self.buffered.append(beat["buffered_bytes"])
        self.lags += [each["lag_ms"] or 0.0 for each in beat["symbols"].values()]
        if not self.objects or beat["objects"] != self.objects[-1][1]:
            self.objects.append((beat["beat_at"], beat["objects"]))

    @property
    def longest_beat(self) -> float:
        """The longest time between two beats, in seconds."""
        return longest(self.beats)


def longest(moments: list[int]) -> float:
    """The longest time between two moments (µs), in seconds."""
    return max(((later - one) / 1e6 for one, later in pairwise(moments)), default=0.0)


@contextmanager
def wire(symbols: tuple[str, ...], plan: str, streams: int, rest: int, cut: str = "") -> Iterator[Ask]:
    """Run the exchange in a process of its own; yields what asks it by REST."""
    script = Path(__file__).with_name("wire.py")
    command = [sys.executable, str(script), "--symbols", ",".join(symbols), "--plan", plan]
    command += ["--streams", str(streams), "--rest", str(rest), *(["--cut", cut] if cut else [])]
    process = leash.start(command)

    def ask(path: str, method: str = "GET") -> dict[str, Any]:
        request = urllib.request.Request(f"http://127.0.0.1:{rest}{path}", method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return dict(json.load(answer))

    try:
        wait_until(lambda: answers(ask), "the exchange", DEADLINE)
        yield ask
    finally:
        process.terminate()
        process.wait()


def settings_of(home: Path, symbols: tuple[str, ...], streams: int, rest: int) -> Stack:
    """The settings of a recorder of these symbols at the exchange on these ports, into a folder, without history."""
    stack = Stack(home, symbols=symbols, history="0s", flush_seconds=1.0).write_config()
    text = stack.config_path.read_text().replace(f"ws://127.0.0.1:{stack.exchange_port}", f"ws://127.0.0.1:{streams}")
    stack.config_path.write_text(text.replace(f"127.0.0.1:{stack.exchange_port}", f"127.0.0.1:{rest}"))
    return stack


def answers(ask: Ask) -> bool:
    try:
        ask("/api/v3/ping")
    except OSError:
        return False
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--symbols", type=int, default=500)
    parser.add_argument("--plan", default="5000x10,50000x10,5000x30")
    parser.add_argument("--quiet", action="store_true", help="no line a second")
    options = parser.parse_args()
    symbols = tuple(f"S{number:03}DEMO" for number in range(options.symbols))
    streams, rest = free_port(), free_port()
    with tempfile.TemporaryDirectory() as home, wire(symbols, options.plan, streams, rest) as ask:
        stack = settings_of(Path(home), symbols, streams, rest)
        try:
            measure(stack, ask, quiet=options.quiet)
        except BaseException:
            print(stack.log("recorder")[-4_000:], file=sys.stderr)
            raise
        finally:
            stack.stop()
        report(stack, ask("/made"))


def measure(stack: Stack, ask: Ask, *, quiet: bool) -> None:
    """Start the load when every leg is there; watch until all of it is durable."""
    stack.start_recorder()
    legs = 2 * -(-len(stack.symbols) // 100)
    wait_until(lambda: ask("/made")["connections"] == legs, "every leg", DEADLINE)
    wait_until(lambda: stack.beat("recorder").get("state") == "recording", "recording", DEADLINE)
    time.sleep(3)
    recorder = stack.processes["recorder"].pid
    seen, began, cpu = Seen(), time.monotonic(), cpu_seconds(recorder)
    ask("/start", "POST")
    made: dict[str, Any] = {}
    peak, next_line, durable = 0.0, 0.0, 0
    while not made.get("is_over") or durable < made["made"]:
        time.sleep(0.1)
        beat, passed = stack.beat("recorder"), time.monotonic() - began
        seen.note(beat)
        durable, peak = durable_of(beat, made), max(peak, memory_mb(recorder))
        if passed >= next_line:
            next_line, made = passed + 1.0, ask("/made")
            line = f"{passed:5.0f} s {made['made']:>10,} made {durable:>10,} durable {beat['objects']:>5} objects"
            line += f" {beat['buffered_bytes'] / 1e6:6.1f} MB buffered, CPU {cpu_seconds(recorder) - cpu:6.2f} s"
            line += f", lag {max((each['lag_ms'] or 0.0) for each in beat['symbols'].values()) / 1e3:.2f} s"
            if not quiet:
                print(line, flush=True)
        if passed > 600:
            raise AssertionError(f"not durable after 600 s: {durable:,} of {made['made']:,}")
    spent, passed = cpu_seconds(recorder) - cpu, time.monotonic() - began
    print(f"trades                   {made['made']:,} of {len(stack.symbols)} symbols, durable after {passed:.1f} s")
    print(f"CPU                      {spent:.1f} s: {made['made'] / spent:,.0f} trades/s a core")
    print(f"longest without a beat   {seen.longest_beat:.1f} s")
    print(f"longest without objects  {longest([at for at, _ in seen.objects]):.1f} s")
    print(f"worst lag of a symbol    {max(seen.lags) / 1e3:.1f} s")
    print(f"most buffered, peak RSS  {max(seen.buffered) / 1e6:.0f} MB, {peak:.0f} MB")
    print(f"fetched by id            {sum(each['backfilled'] for each in beat['symbols'].values()):,}")
    print(f"lake too slow            {stack.log('recorder').count('lake too slow')} times")


def durable_of(beat: dict[str, Any], made: dict[str, Any]) -> int:
    """How many of the trades made are durable, as the recorder says."""
    first = made.get("first", 0)
    return sum(
        max(0, last - max(start, first) + 1)
        for each in beat.get("symbols", {}).values()
        for start, last in each["covered"]
    )


class Line(msgspec.Struct):
    """What is counted of a raw line."""

    e: str
    s: str = ""
    t: int = 0


def recorded(stack: Stack) -> dict[str, Counter[int]]:
    """How often each trade is in the lake, by symbol and id."""
    ids: dict[str, Counter[int]] = {symbol: Counter() for symbol in stack.symbols}
    decode = msgspec.json.Decoder(Line).decode
    lake = Lake.open(str(stack.settings.lake_url), stack.prefix, None)
    for item in lake.list_all():
        if parse(item.name) is not None:
            for line in map(decode, unpack(item.name, lake.get(item.name)).lines):
                if line.e == "trade":
                    ids[line.s][line.t] += 1
    return ids


def report(stack: Stack, made: dict[str, Any]) -> None:
    """Count what is in the lake: every trade, once."""
    ids = recorded(stack)
    missing = sum(last - made["first"] + 1 - len(ids[symbol]) for symbol, last in made["last"].items())
    twice = sum(count > 1 for each in ids.values() for count in each.values())
    print(f"missing, twice           {missing}, {twice}")
    if missing or twice:
        sys.exit(1)


if __name__ == "__main__":
    main()
