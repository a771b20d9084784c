"""Footprints of a tape that was recorded under faults, beside the exchange's own trades: none may claim what is not so.

    python benchmarks/reconcile.py                      72 hours of symbols: 24 hours of three
    python benchmarks/reconcile.py --hours 2 --seed 9
    python benchmarks/reconcile.py --mutations 10000    minutes with one fault each, and as many without

Each lake is made by `simulate.py`: a recorder on virtual time that is killed, cut off and lied to. Its objects are
loaded in any order and in some cycles, so that minutes lack trades for a while. After each cycle every minute is
looked at: one that GOLD.FOOTPRINT_AUDIT calls proved must have the levels that the exchange's own trades make,
computed in plain Python, and one that lacks a trade must not be called proved. In the end every minute that holds the
exchange's own trades and candle, and has no id of another fate in it or at its edges, must be proved.
"""

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).parent.parent
sys.path[0] = str(ROOT / "tests")  # beside this file is a benchmark with the name of a package there

from candlewick.lake.objects import Lake, LakeObject
from candlewick.moments import micros
from warehouse.bench import Bench
from warehouse.flowing import COLUMNS, rows
from warehouse.mutations import KINDS, judged
from warehouse.oracle import Copy, Trade, winners

HOURS_A_RUN = 0.5
RUNS_AT_ONCE = 8
CYCLES = 4
MUTATED_AT_ONCE = 50
PREFIX = "demo"
MINUTE = timedelta(minutes=1)

Minute = tuple[str, datetime]
_EVENT = msgspec.json.Decoder(dict[str, Any])


def main() -> int:
    """Simulate, load, and compare until there are enough hours of symbols."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=72.0, help="hours of symbols: of three symbols 3 an hour")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mutations", type=int, help="instead: so many minutes with a fault, through the models")
    options = parser.parse_args()
    if options.mutations:
        return mutations(options.mutations, options.seed)
    seen: Counter[str] = Counter()
    wrong: list[str] = []
    began, seed = time.monotonic(), options.seed
    with tempfile.TemporaryDirectory() as home, Bench.open_as_owner(Path(home)) as bench:
        while seen["minutes"] < options.hours * 60:
            lakes = Path(home, f"lakes-{seed}")
            simulate(lakes, seed)
            for number in range(seed, seed + RUNS_AT_ONCE):
                wrong += [f"seed {number}: {each}" for each in reconcile(bench, lakes / str(number), number, seen)]
            seed += RUNS_AT_ONCE
            print(f"… {seen['minutes'] / 60:.0f} h, {len(wrong)} wrong, {time.monotonic() - began:.0f} s", flush=True)
    print("\n".join(wrong[:20]))
    print(f"hours of symbols   {seen['minutes'] / 60:.1f}, in {seed - options.seed} lakes, {seen['trades']:,} trades")
    print(f"minutes complete   {seen['whole']:,}, of which proved {seen['whole and proved']:,}")
    print(f"lacking trades     {seen['lacking']:,} looked at after a cycle, of which called proved {seen['lie']}")
    print(f"called proved      {seen['proved']:,}, of which with levels of other trades {seen['other levels']}")
    return bool(wrong)


def mutations(count: int, seed: int) -> int:
    """Bring minutes with one fault each, and as many without, through the models; print what they say of them."""
    of_each = -(-count // len(KINDS))
    seen: Counter[tuple[str | None, str]] = Counter()
    rng = random.Random(seed)
    for number in range(0, of_each, MUTATED_AT_ONCE):
        kinds = [*KINDS, *[None] * len(KINDS)] * min(MUTATED_AT_ONCE, of_each - number)
        with tempfile.TemporaryDirectory() as home, Bench.open_as_owner(Path(home)) as bench:
            seen += judged(bench, Lake.open(f"{home}/lake", PREFIX), kinds, rng)
    for (kind, outcome), times in sorted(seen.items(), key=str):
        print(f"{kind or 'no fault':10} {outcome:30} {times:,}")
    is_wrong = {
        (kind, outcome) for kind, outcome in seen if "another" in outcome or (kind is None and outcome == "caught")
    }
    return bool(is_wrong)


def simulate(lakes: Path, seed: int) -> None:
    """Leave some lakes, each in a folder named by its seed, with the truth about it. Ends where a run is wrong."""
    script = str(ROOT / "benchmarks" / "simulate.py")
    command = [sys.executable, script, "--runs", str(RUNS_AT_ONCE), "--seed", str(seed), "--hours", str(HOURS_A_RUN)]
    done = subprocess.run([*command, "--keep", str(lakes)], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout[-2_000:]}{done.stderr[-2_000:]}")


def reconcile(bench: Bench, run: Path, seed: int, seen: Counter[str]) -> list[str]:
    """Load a lake and look at its minutes after each cycle; return what is wrong."""
    bench.empty()
    rng = random.Random(seed)
    lake = Lake.open(str(run / "lake"), PREFIX)
    objects = [lake.read_object(item.name) for item in lake.list_all()]
    rng.shuffle(objects)
    truth = by_minute(trade_of(event) for event in map(_EVENT.decode, (run / "truth.jsonl").read_bytes().splitlines()))
    cuts = sorted(rng.sample(range(1, len(objects)), min(CYCLES - 1, len(objects) - 1)))
    wrong: list[str] = []
    for start, end in zip((0, *cuts), (*cuts, len(objects)), strict=True):
        bench.cycle(objects[start:end])
        wrong += look(bench, objects[:end], truth, seen, is_last=end == len(objects))
    seen["minutes"] += sum(span(list(times)) for times in minutes_by_symbol(truth).values())
    seen["trades"] += sum(map(len, truth.values()))
    return wrong


def look(
    bench: Bench, objects: list[LakeObject], truth: dict[Minute, list[Trade]], seen: Counter[str], *, is_last: bool
) -> list[str]:
    """Compare each audited minute with the truth; return what is wrong."""
    copies, oracles = contents(objects)
    held = by_minute(winners(copies))
    levels: dict[Minute, list[tuple[object, ...]]] = defaultdict(list)
    for row in bench.rows(f"select {COLUMNS} from gold.trades_footprint_1m order by symbol, open_time, price"):
        levels[row[0], row[1]].append(row)  # type: ignore[index]
    chained = chained_minutes(truth)
    wrong = []
    for symbol, opened, is_proved in bench.rows("select symbol, open_time, is_proved from gold.footprint_audit"):
        minute: Minute = (str(symbol), opened)  # type: ignore[assignment]
        true, own = truth.get(minute, []), held.get(minute, [])
        is_whole = own == true and minute in oracles and minute in chained
        seen["lacking"] += own != true
        seen["proved"] += bool(is_proved)
        if is_proved and own != true:
            seen["lie"] += 1
            wrong.append(f"{minute}: proved with {len(own)} trades of {len(true)}")
        if is_proved and levels[minute] != rows(true):
            seen["other levels"] += 1
            wrong.append(f"{minute}: proved, and its levels are not those of its trades")
        if is_last and is_whole:
            seen["whole"] += 1
            seen["whole and proved"] += bool(is_proved)
            if not is_proved:
                wrong.append(f"{minute}: has all its {len(true)} trades and its candle, and is not proved")
    return wrong


def contents(objects: list[LakeObject]) -> tuple[list[Copy], set[Minute]]:
    """Return the copies of trades in some objects, and the minutes of which the exchange's candle is there."""
    copies, oracles = [], set()
    for event in (_EVENT.decode(line) for item in objects for line in item.lines):
        if event["e"] == "trade":
            copies.append(Copy(trade_of(event), event["src"]))
        elif event["e"] == "kline":
            oracles.add((event["s"], datetime(1970, 1, 1) + timedelta(microseconds=micros(event["k"]["t"]))))
    return copies, oracles


def trade_of(event: dict[str, Any]) -> Trade:
    """Read an event without the product's own decoder."""
    amounts = Decimal(event["p"]), Decimal(event["q"])
    return Trade(event["s"], event["t"], *amounts, event["m"], micros(event["T"]))


def by_minute(trades: Iterable[Trade]) -> dict[Minute, list[Trade]]:
    """Return trades by symbol and minute, ascending by id."""
    found: dict[Minute, list[Trade]] = defaultdict(list)
    for trade in sorted(trades, key=lambda each: each.trade_id):
        found[trade.symbol, trade.traded_at.replace(second=0, microsecond=0)].append(trade)
    return found


def chained_minutes(truth: dict[Minute, list[Trade]]) -> set[Minute]:
    """Return the minutes whose ids follow each other, and those of the trades before and after."""
    ids = {(trade.symbol, trade.trade_id) for trades in truth.values() for trade in trades}
    return {
        minute
        for minute, trades in truth.items()
        if all((trade.symbol, trade.trade_id + step) in ids for trade in trades for step in (-1, 1))
    }


def minutes_by_symbol(truth: dict[Minute, list[Trade]]) -> dict[str, list[datetime]]:
    """Return the minutes with trades, by symbol."""
    found: dict[str, list[datetime]] = defaultdict(list)
    for symbol, opened in truth:
        found[symbol].append(opened)
    return found


def span(times: list[datetime]) -> int:
    """Count the minutes from the first to the last."""
    return round((max(times) - min(times)) / MINUTE) + 1


if __name__ == "__main__":
    sys.exit(main())
