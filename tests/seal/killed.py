"""Sealing and letting go, of raw objects or of trades in SILVER's table, in processes that die at a named step.

    python tests/seal/killed.py   reads lines of JSON, `{"data": folder, "step": step, "what": what}`, and says how each
                                  one ended; what is done is "seal" or "own"

One process imports everything and forks for each case, before any library of it has started a thread.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import cryptography.hazmat.primitives.asymmetric.ed25519  # noqa: F401 - imported once, not in each child
import pyarrow as pa

from candlewick.config import S3Settings, Settings
from candlewick.config.sections import RetentionSettings
from candlewick.process import crashpoint
from candlewick.seal import keeping
from candlewick.warehouse.home import home_of

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


STEPS_OF_SILVER = (
    "mid letting go of silver",
    "after letting go of silver",
    "mid bringing back",
    "mid-load",
    "before commit",
    "after commit",
    "mid-publish",
    "replacing CURRENT",
)


KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
"""Of the S3 server of tests."""


def s3_at(endpoint: str) -> S3Settings:
    """Settings of the S3 server of tests at an address."""
    return S3Settings(endpoint=endpoint, region="us-east-1", path_style=True)


STEPS_OF_GOLD = (
    "before letting go of gold",
    "mid letting go of gold",
    "after letting go of gold",
    "mid forgetting gold",
    "mid-dbt",
    "mid-publish",
    "replacing CURRENT",
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


def run(cases: Sequence[tuple[Settings, str]], what: str = "seal", day: date | None = None) -> list[bool]:
    """Seal in each lake and let go, in a process that dies at a step (`""`: at none); return which died.

    To "restore" is to seal a day once more. To "own" is to bring the lake into the warehouse and the mart, and to let
    trades of sealed days go from SILVER.
    """
    killer, codes = _killer(), []
    assert killer.stdin and killer.stdout
    for settings, step in cases:
        case = {
            "day": str(day),
            "data": str(settings.data),
            "step": step,
            "what": what,
            "lake": settings.lake,
            "s3": settings.s3.endpoint,
        }
        killer.stdin.write(json.dumps(case) + "\n")
        while not (told := killer.stdout.readline()).startswith(TOLD):
            assert told, "whoever forks has died"
        codes.append(int(told.removeprefix(TOLD)))
    assert set(codes) <= {0, -signal.SIGKILL}, codes
    return [code != 0 for code in codes]


def _main() -> None:
    for line in sys.stdin:
        case = json.loads(line)
        if case["what"] == "own":
            import candlewick.warehouse.duckdb.owner  # noqa: F401, PLC0415 - once, and not for who only seals
        sys.stdout.flush()
        child = os.fork()
        if not child:
            _work(case)
        _, status = os.waitpid(child, 0)
        print(f"{TOLD}{os.waitstatus_to_exitcode(status)}", flush=True)


def _work(case: dict[str, str]) -> None:
    try:
        crashpoint.arm(case["step"])
        settings = Settings(data=Path(case["data"]), prefix="demo", symbols=("BTCUSDT",), timezone="UTC")
        if case["s3"]:
            os.environ |= KEYS
            settings = settings.model_copy(update={"lake": case["lake"], "s3": s3_at(case["s3"])})
        if case["what"] == "own":
            kept = RetentionSettings(silver=timedelta(seconds=1))
            home_of(settings.model_copy(update={"retention": kept})).own(once=True)
        elif case["what"] == "restore":
            keeping.seal_days(settings, [date.fromisoformat(case["day"])], None, lambda *_: None, asks=False)
        else:
            keeping.seal_days(keeping_none(settings), None, None, lambda *_: None, asks=False)
        os._exit(0)
    except BaseException as error:  # noqa: BLE001 - a child that goes on would read its parent's cases
        print(repr(error), file=sys.stderr, flush=True)
        os._exit(1)


if __name__ == "__main__":
    _main()
