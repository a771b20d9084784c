"""Sealing and letting raw objects go, killed at named steps: no line may be lost, every id is sealed exactly once.

python benchmarks/seal_kills.py                 1,000 kills
python benchmarks/seal_kills.py --kills 60 --seed 3
"""

import argparse
import random
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from candlewick.lake.sealed import file
from candlewick.process import log
from candlewick.seal.seals import Seals
from seal.killed import STEPS, again, run
from seal.lakes import DAYS, SYMBOL, fill, lake_of, markets, quiet, raw_lines, settings_of

AT_ONCE = 12
MEMORY = Path("/dev/shm")


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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    log.configure("seal_kills", level="error")
    # A process dies here, not the machine: in memory the thousands of fsyncs cost nothing.
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name:
        died, wrong = kills(options.kills, options.seed, Path(name))
    print(f"{died:,} kills at {len(STEPS)} steps: {len(wrong)} wrong")
    print("\n".join(wrong[:20]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
