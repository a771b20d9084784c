"""The stranger's verifier: forged bundles that pass, clean ones that do not, and trades a minute on one core.

python benchmarks/proof.py                       10,000 forgeries of 34 kinds, 1,000 clean bundles of 7, 1 M trades
python benchmarks/proof.py --seed 7 --forgeries 500 --clean 0 --trades 0
"""

import argparse
import random
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from candlewick.seal import bundle, verify
from seal import forged_by_owner, forged_inclusion  # noqa: F401 - their kinds are among the forgeries
from seal.clean import CLEAN, write
from seal.forgery import FORGERIES, Forger, Parts, checked
from seal.made import Market, proof_of


def forgeries(folder: Path, seed: int, count: int) -> int:
    """Forge, and return how many passed or were named by another id than the first bad one."""
    rng, wrong = random.Random(seed), 0
    parts = Parts.made(folder, count=100)
    forger = Forger(parts, folder / "forged.zip")
    for number in range(count):
        name = list(FORGERIES)[number % len(FORGERIES)]
        first_bad = forger.forge(name, random.Random(one := rng.getrandbits(32)))
        try:
            problems, named = checked(forger.path, [parts.key], forger.trades)
        except verify.UNREADABLE as error:
            problems, named = [f"cannot be checked: {error}"], [] if first_bad is None else [first_bad]
        if not problems or (first_bad is not None and first_bad not in named):
            wrong += 1
            print(f"PASSED or not named: {name}, seed {one}: first bad {first_bad}, named {named}: {problems[:2]}")
    return wrong


def clean(folder: Path, seed: int, count: int) -> int:
    """Make clean bundles of every kind, and return how many raised an alarm."""
    alarms = 0
    for number in range(count):
        name = list(CLEAN)[number % len(CLEAN)]
        made = CLEAN[name](folder, random.Random(seed + number))
        write(folder / "clean.zip", made)
        if problems := checked(folder / "clean.zip", made.keys, made.trades)[0]:
            alarms += 1
            print(f"ALARM: {name}, seed {seed + number}: {problems[:2]}")
    return alarms


def speed(folder: Path, count: int) -> float:
    """Verify a day of so many trades; return the CPU seconds."""
    bundle.write(folder / "day.zip", [proof_of(Market(count=count), folder / "key")], None, with_trades=True)
    began = time.process_time()
    assert not checked(folder / "day.zip")[0]
    size = (folder / "day.zip").stat().st_size
    print(f"{count:,} trades: bundle {size / count:.1f} bytes a trade")
    return time.process_time() - began


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--forgeries", type=int, default=10_000)
    parser.add_argument("--clean", type=int, default=1_000)
    parser.add_argument("--trades", type=int, default=1_000_000)
    options = parser.parse_args()
    bad = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.trades:
            seconds = speed(folder, options.trades)
            print(f"verified in {seconds:.1f} s of one core: {options.trades / seconds * 60:,.0f} trades a minute")
        if options.forgeries:
            bad += (wrong := forgeries(folder, options.seed, options.forgeries))
            kinds = len(list(islice(FORGERIES, options.forgeries)))
            print(f"{options.forgeries:,} forgeries of {kinds} kinds: {wrong} passed or were misnamed")
        if options.clean:
            bad += (alarms := clean(folder, options.seed, options.clean))
            print(f"{options.clean:,} clean bundles of {len(CLEAN)} kinds: {alarms} alarms")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
