"""Tells stories on virtual time, each on a loop of its own, and says how each one ended: one line of JSON for each.

`play.py` is what starts it, with the clocks that it needs.
"""

import asyncio
import json
import logging
import os
import random
import sys
import tempfile
import traceback
from pathlib import Path

import picows.api
import structlog

from integration.stories import STORIES
from integration.taped import QUICK, Taping
from simulation import clock
from simulation.loop import VirtualLoop
from simulation.world import microseconds

picows.api._HAS_AIOFASTNET = False

STARTS_AT = "2026-01-22T14:30"
LATENCY = 0.002


def main() -> None:
    """Tell the stories that are named, or all; show the logs where `SHOWN` is set."""
    for (module, name), value in QUICK.items():
        setattr(module, name, value)
    level = logging.INFO if "SHOWN" in os.environ else logging.CRITICAL
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(level))
    logging.disable(logging.CRITICAL)
    for name in sys.argv[1:] or STORIES:
        print(json.dumps({"story": name, "failure": tell(name)}), flush=True)


def tell(name: str) -> str | None:
    """Tell a story; return how it failed, if it did."""
    random.seed(name)
    clock.CLOCK.start(microseconds(STARTS_AT))
    rng = random.Random(name)
    loop = VirtualLoop(lambda: rng.expovariate(1 / LATENCY))
    asyncio.set_event_loop(loop)
    try:
        with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as home:
            loop.run_until_complete(_tell(name, Path(home)))
        return repr(loop.faults[0]) if loop.faults else None
    except Exception as error:  # noqa: BLE001 (whatever ends a story is its failure, and the next one is told)
        return "".join(traceback.format_exception(error))
    finally:
        loop.finish()


async def _tell(name: str, home: Path) -> None:
    story, schedule = STORIES[name]
    async with Taping(home, schedule) as taping:
        await story(taping)
