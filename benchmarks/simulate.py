"""Deterministic simulation: the recorder, its lake and the exchange on virtual time, in one process, from one seed.

    python benchmarks/simulate.py --runs 1000 --seed 1

The code that is run is the code that records: `Session` with its legs, REST client, backfill, writer and checkpoint,
over connections in memory, against the local exchange's own server with its faults. The recorder is killed at any
instant, loses its `state.json`, finds its wall clock put wrong, and its lake slow, down, or silent about what it put.
At the end of each run the tape must be the truth: each trade that the exchange made is in the lake once and in all
its fields, or declared with evidence; each minute has its candle. A run that fails prints its seed and the command
that plays it again.
"""

import os
import sys

if os.environ.get("PYTHONHASHSEED") != "0":  # the same seed, the same run: sets of strings have an order, too
    os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | {"PYTHONHASHSEED": "0"})

import argparse
import gc
import hashlib
import logging
import time
import traceback
from collections import Counter
from pathlib import Path

_real_monotonic = time.monotonic
sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from simulation import clock

clock.install()

import picows.api
import structlog

from simulation.run import Outcome, play

picows.api._HAS_AIOFASTNET = False  # its transports are sockets; asyncio's are whatever the loop makes

HOURS = 0.1
SHOWN_EVERY = 30.0


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1, help="that of the first run; each next one has the next")
    parser.add_argument("--hours", type=float, default=HOURS, help="virtual hours of faults in each run")
    parser.add_argument("--keep", type=Path, help="a folder for each run's lake and the truth about it")
    parser.add_argument("--log", action="store_true", help="show what recorder and exchange log, by virtual time")
    options = parser.parse_args()
    _set_up_logs(is_shown=options.log)
    gc.freeze()
    sys.exit(_play_all(options.seed, options.runs, options.hours, options.keep))


def _play_all(first_seed: int, runs: int, hours: float, keep: Path | None) -> int:
    print(f"{runs} runs of {hours:g} virtual hours of faults each, seeds {first_seed} to {first_seed + runs - 1}")
    began = shown = _real_monotonic()
    outcomes: list[Outcome] = []
    failed: list[int] = []
    for seed in range(first_seed, first_seed + runs):
        if keep is not None:
            (keep / str(seed)).mkdir(parents=True)
        if (outcome := _play_one(seed, hours, keep and keep / str(seed))) is None:
            failed.append(seed)
        else:
            outcomes.append(outcome)
        if _real_monotonic() - shown > SHOWN_EVERY:
            shown = _real_monotonic()
            print(f"… {seed - first_seed + 1} runs, {len(failed)} failed, {shown - began:.0f} s", flush=True)
    _report(outcomes, failed, _real_monotonic() - began)
    return bool(failed)


def _play_one(seed: int, hours: float, keep: Path | None) -> Outcome | None:
    """Play a run; where it fails, say so and how to play it again."""
    try:
        return play(seed, hours, keep)
    except Exception as error:  # noqa: BLE001 (whatever ends a run is its failure, and the next run goes on)
        traceback.print_exception(error, limit=-3)
        print(f"seed {seed} FAILED: python benchmarks/simulate.py --runs 1 --seed {seed} --hours {hours:g} --log")
        return None


def _report(outcomes: list[Outcome], failed: list[int], seconds: float) -> None:
    simulated = sum(outcome.seconds for outcome in outcomes) / 3_600
    kinds: Counter[str] = sum((outcome.faults for outcome in outcomes), Counter())
    per_run = [len(outcome.faults) for outcome in outcomes] or [0]
    print(f"runs             {len(outcomes) + len(failed)}, of which {len(failed)} failed {failed or ''}")
    print(f"simulated        {simulated:.1f} h in {seconds / 60:.1f} min: {simulated / seconds * 60:.1f} h per minute")
    print(f"trades compared  {sum(outcome.trades for outcome in outcomes)}")
    print(f"recorder starts  {sum(outcome.starts for outcome in outcomes)}")
    print(f"faults           {kinds.total()}, of {len(kinds)} kinds; kinds per run {min(per_run)} to {max(per_run)}")
    print(f"                 {', '.join(f'{kind} {count}' for kind, count in kinds.most_common())}")
    print(f"digest           {_digest(outcomes)}")


def _digest(outcomes: list[Outcome]) -> str:
    """Return what is the same for the same seeds and the same code."""
    return hashlib.sha256(repr(outcomes).encode()).hexdigest()[:16]


def _set_up_logs(*, is_shown: bool) -> None:
    logging.disable(logging.CRITICAL)
    structlog.configure(
        processors=[_stamp if is_shown else _drop, structlog.dev.ConsoleRenderer(colors=False)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=False,
    )


def _drop(logger: object, method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    raise structlog.DropEvent


def _stamp(logger: object, method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    event["timestamp"] = f"{clock.CLOCK.now:12.3f}"
    return event


if __name__ == "__main__":
    main()
