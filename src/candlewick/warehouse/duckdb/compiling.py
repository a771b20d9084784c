"""What the models compile to, from a cache: dbt takes seconds and a hundred megabytes to say it, and says the same again.

It is asked once for these models, these versions and this time zone, in a process of its own.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

import msgspec
import structlog

from candlewick.errors import ModelError
from candlewick.process.files import replace_atomically
from candlewick.warehouse.compiled import Program, decode, encode

MODELS = Path(__file__).parents[2] / "models"
_FRAMEWORK = ("dbt-core", "dbt-duckdb", "duckdb")

log = structlog.get_logger()


@lru_cache(maxsize=8)
def program(timezone: str) -> Program:
    """Return the compiled models for days of a time zone. Raises `ModelError`."""
    cache = _cache() / f"models-{_digest(timezone)}.json"
    with suppress(OSError, msgspec.DecodeError):
        return decode(cache.read_bytes())
    compiled = _in_a_process(timezone)
    try:
        replace_atomically(cache, encode(compiled), durable=False)
    except OSError as error:
        log.info("compiled models are not kept; each start compiles them", problem=str(error))
    return compiled


def _cache() -> Path:
    """Where programs of a user keep what they can make again."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "candlewick"


def _digest(timezone: str) -> str:
    """Tell apart all that decides what is compiled."""
    about = [timezone, *(f"{name} {version(name)}" for name in _FRAMEWORK)]
    files = sorted(path for path in MODELS.rglob("*") if path.suffix in (".sql", ".yml"))
    parts = [*(each.encode() for each in about), *(path.read_bytes() for path in files)]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:32]


def _in_a_process(timezone: str) -> Program:
    arguments = [sys.executable, "-m", "candlewick.warehouse.duckdb.compiling", timezone]
    done = subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise ModelError(f"the models could not be compiled: {reason}")
    return decode(done.stdout)


def _compile(timezone: str) -> Program:
    """Make the tables in a warehouse of no meaning: only then are the models those that look for what is new."""
    from candlewick.warehouse.duckdb.file import Warehouse  # noqa: PLC0415
    from candlewick.warehouse.targets import Target  # noqa: PLC0415
    from candlewick.warehouse.transform import Models  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        warehouse = Warehouse.open(Path(folder) / "empty.duckdb")
        models = Models(Target.duckdb(warehouse.path), Path(folder) / "dbt", timezone=timezone)
        try:
            models.run()
            return models.compiled()
        finally:
            models.close()
            warehouse.close()


if __name__ == "__main__":
    sys.stdout.buffer.write(encode(_compile(sys.argv[1])))
