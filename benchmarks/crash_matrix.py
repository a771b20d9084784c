"""Killed at every named step and at a thousand random instants: what is lost, what is there twice, what differs.

    python benchmarks/crash_matrix.py [--seed 7] [--kills 1000] [--results FILE]

A seeded market of three symbols, around midnight UTC, is replayed by the local exchange over sockets. Recorder and
warehouse are killed with SIGKILL while they work, both at the same time, and started again: in epochs of some dozens
of kills. At the end of each epoch they are left alone until all is there; then every row of SILVER and GOLD is compared
with a run that nobody killed, and every object in the lake is read. One epoch more kills at every named step, at its
first, second and third pass, and a last one kills rebuilds.

A line of JSON per epoch goes to the results' file. A run that was stopped goes on after the last of its lines. An epoch
that fails keeps its folder and says how to repeat it; the seed gives the same lives then, as shares of the time that a
start takes on that machine, not the same instants: these are real processes on a real clock.
"""

import argparse
import collections
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path[0] = str(ROOT / "tests")  # and not this folder: its warehouse.py would hide the tests' folder of that name

from crash import matrix
from crash.market import Tape, write
from crash.matrix import Contents, Run

PASSES = (1, 2, 3)
NAMED, REBUILDS = "named steps", "rebuilds"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--kills", type=int, default=1_000, help="random instants, in all")
    parser.add_argument("--kills-per-epoch", type=int, default=150, help="at most: to the end of the market")
    parser.add_argument("--minutes", type=int, default=20, help="of the market")
    parser.add_argument("--rate", type=float, default=10.0, help="mean trades/s of its first symbol")
    parser.add_argument("--speed", type=float, default=12.0, help="of the replay")
    parser.add_argument("--epoch", help="only this one")
    parser.add_argument("--results", type=Path)
    options = parser.parse_args()
    market = f"{options.seed}-{options.minutes}-{options.rate:g}-{options.speed:g}"
    results = options.results or Path(tempfile.gettempdir()) / f"crash-matrix-{market}.jsonl"
    with tempfile.TemporaryDirectory(prefix="crash-matrix-") as folder:
        run_epochs(Path(folder), options, results)
    summarize(read(results), options.seed)


def run_epochs(folder: Path, options: argparse.Namespace, results: Path) -> None:
    """Run the epochs that the results do not have yet."""
    tape = write(folder / "tape", seed=options.seed, minutes=options.minutes, rate=options.rate)
    started = time.monotonic()
    calm = matrix.uninterrupted(folder / "calm", tape)
    assert len(calm["silver.trades_deduped"]) == tape.trades
    print(f"{tape.trades:,} trades of {options.minutes} minutes; without a kill in {time.monotonic() - started:.0f} s")
    epochs = Epochs(folder, tape, calm, options, results)
    if options.epoch:
        epochs.run(options.epoch)
        return
    while (done := at_random(read(results))) < options.kills:
        epochs.run(str(sum(line["epoch"].isdigit() for line in read(results)) + 1), options.kills - done)
    for name in (NAMED, REBUILDS):
        if name not in {line["epoch"] for line in read(results)}:
            epochs.run(name)


class Epochs:
    """Runs an epoch, judges it, and writes down what came of it."""

    def __init__(self, folder: Path, tape: Tape, calm: Contents, options: argparse.Namespace, results: Path) -> None:
        self.folder, self.tape, self.calm, self.options, self.results = folder, tape, calm, options, results

    def run(self, name: str, kills_left: int = sys.maxsize) -> None:
        """Run an epoch; end the program where it fails."""
        kills = min(kills_left, self.options.kills_per_epoch)
        rng = random.Random(f"{self.options.seed}/{name}")
        tasks: dict[str, Callable[[Run], None]] = {
            NAMED: lambda run: matrix.at_each_step(run, recorder=PASSES, warehouse=PASSES),
            REBUILDS: lambda run: None,
        }
        task = tasks.get(name, lambda run: self._at_random(run, rng, kills))
        home = self.folder / name.replace(" ", "-")
        started = time.monotonic()
        try:
            line = self._judged(home, task, self._speed(name), is_rebuilt=name == REBUILDS)
        except AssertionError as error:
            kept = home.rename(Path(tempfile.mkdtemp(prefix="crash-matrix-failed-")) / "home")
            sys.exit(f"epoch {name}: {error}\nkept in {kept}; again: {self._command(name)}")
        line = {"epoch": name, "seconds": round(time.monotonic() - started, 1)} | line
        with self.results.open("a") as file:
            file.write(json.dumps(line) + "\n")
        print(json.dumps(line), flush=True)

    def _speed(self, name: str) -> float:
        """The named steps are to be over before the market is; where only rebuilds die, nothing is to be waited for."""
        speed: float = self.options.speed
        return {NAMED: speed / 4, REBUILDS: 0.0}.get(name, speed)

    @staticmethod
    def _at_random(run: Run, rng: random.Random, kills: int) -> None:
        run.publish()  # the models are parsed from now on
        matrix.at_random(run, rng, kills, run.publish())

    def _judged(self, home: Path, task: Callable[[Run], None], speed: float, *, is_rebuilt: bool) -> dict[str, Any]:
        with Run(home, self.tape, speed=speed).replaying() as run:
            task(run)
            run.settle()
        if is_rebuilt:
            matrix.while_rebuilding(run, self.calm)
        differences = matrix.compare(run.contents(), self.calm)
        assert not differences, "\n".join(differences)
        return {"kills": run.kills, "trades": self.tape.trades, "copies_in_lake": run.copies()}

    def _command(self, name: str) -> str:
        given = " ".join(f"--{key} {getattr(self.options, key)}" for key in ("seed", "minutes", "rate", "speed"))
        return f"python benchmarks/crash_matrix.py {given} --epoch '{name}'"


def read(results: Path) -> list[dict[str, Any]]:
    """The epochs that are done."""
    return [json.loads(line) for line in results.read_text().splitlines()] if results.exists() else []


def at_random(lines: list[dict[str, Any]]) -> int:
    """How many kills at random instants there were."""
    return sum(sum(line["kills"].values()) for line in lines if line["epoch"].isdigit())


def summarize(lines: list[dict[str, Any]], seed: int) -> None:
    """Print what there was."""
    kills: collections.Counter[str] = collections.Counter()
    for line in lines:
        kills.update(line["kills"])
    words = matrix.RECORDER_STEPS | matrix.WAREHOUSE_STEPS | matrix.REBUILD_STEPS
    for name, count in kills.items():
        print(f"{count:6}  {name:42} {words.get(name, '')}")
    seconds, trades, copies = (sum(line[key] for line in lines) for key in ("seconds", "trades", "copies_in_lake"))
    print(
        f"{kills.total():6}  kills (seed {seed}) in {len(lines)} epochs and {seconds:,.0f} s; {trades:,} trades:"
        f" 0 lost, 0 twice, SILVER and GOLD equal in {len(lines)} of {len(lines)} epochs; copies in the lake: {copies}"
    )


if __name__ == "__main__":
    main()
