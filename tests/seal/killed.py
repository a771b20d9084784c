"""Sealing and letting go in processes that die at a named step.

    python tests/seal/killed.py   reads lines of JSON, `{"data": folder, "step": step}`, and says how each one ended

One process imports everything and forks for each case, before any library of it has started a thread.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path

import cryptography.hazmat.primitives.asymmetric.ed25519  # noqa: F401 - imported once, not in each child
import pyarrow as pa

from candlewick.config import Settings
from candlewick.config.sections import RetentionSettings
from candlewick.process import crashpoint
from candlewick.seal import keeping

pa.array([1])  # it imports pandas when it first makes an array: here, and not in each child

TOLD = "ended with "
STEPS = (
    *(f"{when} sealing {what}" for when in ("before", "after") for what in ("parquet", "evidence.json.zst")),
    "before certificate",
    "after certificate",
    "before reference",
    "after reference",
    "before delete",
    "after delete",
    "after note",
    "mid-put",
    "replacing days.json",
)


def keeping_none(settings: Settings) -> Settings:
    """The same settings, with raw objects that go as soon as their day is sealed."""
    return settings.model_copy(update={"retention": RetentionSettings(raw=timedelta(seconds=1))})


def again(settings: Settings, folder: Path) -> Settings:
    """A copy of a lake."""
    shutil.copytree(settings.data, folder / "data")
    return settings.model_copy(update={"data": folder / "data"})


@cache
def _killer() -> "subprocess.Popen[str]":
    """The process that forks, one for all cases: it imports everything once."""
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, __file__], stdin=pipe, stdout=pipe, text=True, bufsize=1)


def run(cases: Sequence[tuple[Settings, str]]) -> list[bool]:
    """Seal in each lake and let go, in a process that dies at a step (`""`: at none); return which died."""
    killer, codes = _killer(), []
    assert killer.stdin and killer.stdout
    for settings, step in cases:
        killer.stdin.write(json.dumps({"data": str(settings.data), "step": step}) + "\n")
        while not (told := killer.stdout.readline()).startswith(TOLD):
            assert told, "whoever forks has died"
        codes.append(int(told.removeprefix(TOLD)))
    assert set(codes) <= {0, -signal.SIGKILL}, codes
    return [code != 0 for code in codes]


def _main() -> None:
    for line in sys.stdin:
        case = json.loads(line)
        sys.stdout.flush()
        child = os.fork()
        if not child:
            _work(case)
        _, status = os.waitpid(child, 0)
        print(f"{TOLD}{os.waitstatus_to_exitcode(status)}", flush=True)


def _work(case: dict[str, str]) -> None:
    try:
        crashpoint.arm(case["step"])
        settings = keeping_none(Settings(data=Path(case["data"]), prefix="demo", symbols=("BTCUSDT",)))
        keeping.seal_days(settings, None, None, lambda *_: None, asks=False)
        os._exit(0)
    except BaseException as error:  # noqa: BLE001 - a child that goes on would read its parent's cases
        print(repr(error), file=sys.stderr, flush=True)
        os._exit(1)


if __name__ == "__main__":
    _main()
