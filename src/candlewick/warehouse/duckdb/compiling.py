"""What the models compile to, from a cache: dbt takes seconds and a hundred megabytes to say it, every time the same.

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
def program(timezone: str, folder: Path) -> Program:
    """Return the compiled models for days of a time zone. Raises `ModelError`.

    They are kept in `folder` where the user has no cache that can be written.
    """
    name = f"models-{_digest(timezone)}.json"
    places = [place / name for place in (_cache(), folder) if place is not None]
    for place in places:
        with suppress(OSError, msgspec.DecodeError):
            return decode(place.read_bytes())
    compiled = _in_a_process(timezone)
    if not any(_is_kept(compiled, place) for place in places):
        log.info("compiled models are not kept; each start compiles them", folder=str(folder))
    return compiled


def _cache() -> Path | None:
    """Where programs of a user keep what they can make again; None where nobody knows."""
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "candlewick"
    except RuntimeError:
        return None


def _is_kept(compiled: Program, place: Path) -> bool:
    try:
        replace_atomically(place, encode(compiled), durable=False)
    except OSError:
        return False
    return True


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
    with os.fdopen(os.dup(1), "wb") as answer:
        os.dup2(2, 1)  # whatever dbt prints is no answer
        answer.write(encode(_compile(sys.argv[1])))
