"""Sealing and letting go, killed at named steps: no line may be lost, every id is there exactly once.

    python benchmarks/seal_kills.py                 1,000 kills of sealing and of letting raw objects go
    python benchmarks/seal_kills.py --of silver     1,000 kills while trades of sealed days leave DuckDB's file
    python benchmarks/seal_kills.py --of gold       1,000 kills while seconds and footprints leave it
    python benchmarks/seal_kills.py --kills 60 --seed 3

While trades leave, and come back where something late comes for their day, a reader sees the rows as they were before
or as they are after, at any instant. Of gold, the mart is lost now and then, which has to be made anew of SILVER.
"""

import argparse
import random
import shutil
import sys
import tempfile
from itertools import count as counting
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from candlewick.config import Settings
from candlewick.lake.sealed import file
from candlewick.mart.reader import Mart
from candlewick.mart.version import CURRENT
from candlewick.process import log
from candlewick.seal.seals import Seals
from candlewick.warehouse.duckdb.gold_in_mart import MAY_GO
from seal.killed import STEPS, STEPS_OF_GOLD, STEPS_OF_SILVER, again, run
from seal.lakes import DAYS, SYMBOL, Recorder, fill, lake_of, markets, quiet, raw_lines, settings_of
from seal.made import Market

AT_ONCE = 12
MEMORY = Path("/dev/shm")
TRADES = 60
FIRST_ID = 1_000
ROWS = "select * exclude (loaded_at) from silver.trades_deduped order by symbol, trade_id"
STEPS_OF_LEAVING = (*STEPS_OF_SILVER[:2], "mid-publish", "replacing CURRENT")
CANDLES = "select sum(trade_count) from gold.trades_ohlc_1m"


def kills(count: int, seed: int, folder: Path) -> tuple[int, list[str]]:
    """Kill so often, each lake until it gets through; return how many died, and what was wrong."""
    rng, died, wrong = random.Random(seed), 0, []
    full = settings_of(folder / "full")
    fill(lake_of(full), map(quiet, markets(count=120)), per_object=15)
    wanted, every_id = set(raw_lines(full)), range(1_000, 1_240)
    while died < count:
        lakes = [again(full, folder / f"{died}-{number}") for number in range(AT_ONCE)]
        for _ in range(3):
            steps = [f"{rng.choice(STEPS)}:{rng.choice([1, 1, 2, 3, 7, 20])}" for _ in lakes]
            died += sum(run(list(zip(lakes, steps, strict=True))))
            wrong += [
                f"{step}: lines lost" for one, step in zip(lakes, steps, strict=True) if set(raw_lines(one)) != wanted
            ]
        run([(one, "") for one in lakes])
        for one in lakes:
            seals = Seals(lake_of(one))
            found = [seals.certificate(SYMBOL, day) for day in DAYS]
            ids = [file.read(seals.content(each)).trades.column("trade_id").to_pylist() for each in found]
            if set(raw_lines(one)) != wanted or [each for day in ids for each in day] != list(every_id):
                wrong.append(f"{one.data}: not what it was")
            shutil.rmtree(one.data)
        print(f"{died:,} kills, {len(wrong)} wrong", flush=True)
    return died, wrong


def kills_of_silver(count: int, seed: int, folder: Path) -> tuple[int, list[str]]:
    """Kill so often while trades leave SILVER's table and come back; return how many died, and what was wrong."""
    rng, died, wrong = random.Random(seed), 0, list[str]()
    full = settings_of(folder / "full")
    fill(lake_of(full), map(quiet, markets(count=TRADES)))
    run([(full, "after note:1")])  # sealed, and raw objects stay
    run([(full, "mid letting go of silver:1")], "own")  # all in SILVER's table
    first, before = markets(count=TRADES)[0], seen(full)
    assert ids_in(before) == list(range(FIRST_ID, FIRST_ID + 2 * TRADES))
    for number in counting():
        if died >= count:
            return died, wrong
        one = again(full, folder / str(number))
        rows, late = before, 0
        for _ in range(4):
            steps: tuple[str, ...] = STEPS_OF_LEAVING
            if rng.random() < 0.7:
                late, steps = late + 1, STEPS_OF_SILVER
                lines = Market(seed=9, count=1, first_id=FIRST_ID - late, day=DAYS[0]).lines()
                Recorder(lake_of(one), f"r{8 + late}").write([first.line(rng.randrange(TRADES)), *lines])
            step = f"{rng.choice(steps)}:{rng.choice([1, 1, 1, 2])}"
            died += sum(run([(one, step)], "own"))
            earlier, rows = rows, seen(one)
            new = set(map(str, rows)) - set(map(str, earlier))
            if ids_in(rows) != sorted(set(ids_in(rows))) or not set(map(str, earlier)) <= set(map(str, rows)):
                wrong.append(f"{one.data}, {step}: rows are lost or twice")
            if len(new) > late:
                wrong.append(f"{one.data}, {step}: rows that nobody wrote")
        for _ in DAYS:
            run([(one, "")], "own")  # each start lets one day go
        if ids_in(seen(one)) != list(range(FIRST_ID - late, FIRST_ID + 2 * TRADES)):
            wrong.append(f"{one.data}: every id exactly once was expected")
        if seen(one, CANDLES) != [(2 * TRADES + late,)]:
            wrong.append(f"{one.data}: candles of other trades")
        shutil.rmtree(one.data)
        print(f"{died:,} kills, {len(wrong)} wrong", flush=True)
    raise AssertionError("numbers do not end")


def kills_of_gold(count: int, seed: int, folder: Path) -> tuple[int, list[str]]:
    """Kill so often while rows of GOLD leave their tables, and are made anew; return how many died, what was wrong."""
    rng, died, wrong = random.Random(seed), 0, list[str]()
    full = settings_of(folder / "full")
    fill(lake_of(full), map(quiet, markets(count=TRADES)))
    run([(full, "after note:1")])
    run([(full, "before letting go of gold:1")], "own")  # all is published, and nothing has left
    before = gold_in(full)
    assert all(before.values())
    for number in counting():
        if died >= count:
            return died, wrong
        one = again(full, folder / str(number))
        for _ in range(4):
            is_lost = rng.random() < 0.2
            if is_lost:
                shutil.rmtree(one.mart_path, ignore_errors=True)
            step = "mid forgetting gold" if is_lost else f"{rng.choice(STEPS_OF_GOLD)}:{rng.choice([1, 1, 2, 5])}"
            died += sum(run([(one, step)], "own"))
            if not (one.mart_path / CURRENT).exists():
                continue  # lost, and not made anew yet
            if gold_in(one) != before:
                wrong.append(f"{one.data}, {step}: a reader has other rows")
        run([(one, "")], "own")
        if gold_in(one) != before:
            wrong.append(f"{one.data}: not what it was in the end")
        shutil.rmtree(one.data)
        print(f"{died:,} kills, {len(wrong)} wrong", flush=True)
    raise AssertionError("numbers do not end")


def gold_in(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """What a reader sees of the tables whose rows leave."""
    return {table: seen(settings, f"select * exclude (loaded_at) from {table} order by all") for table in MAY_GO}


KILLING = {
    "seals": (kills, STEPS),
    "silver": (kills_of_silver, STEPS_OF_SILVER),
    "gold": (kills_of_gold, STEPS_OF_GOLD),
}


def seen(settings: Settings, statement: str = ROWS) -> list[tuple[Any, ...]]:
    """What a reader sees."""
    with Mart(settings.mart_path).connect() as database:
        return database.execute(statement).fetchall()


def ids_in(rows: list[tuple[Any, ...]]) -> list[int]:
    """The trade ids of rows of trades, in their order."""
    return [row[2] for row in rows]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--of", choices=[*KILLING], default="seals")
    parser.add_argument("--kills", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    log.configure("seal_kills", level="error")
    killing, steps = KILLING[options.of]
    # A process dies here, not the machine: in memory the thousands of fsyncs cost nothing.
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name:
        died, wrong = killing(options.kills, options.seed, Path(name))
    print(f"{died:,} kills at {len(steps)} steps: {len(wrong)} wrong")
    print("\n".join(wrong[:20]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
