"""What the models compile to: dbt says it once, when a version is made, and it is part of the package.

So nobody needs dbt to run Candlewick. Where somebody has changed the models, dbt is asked anew, in a process of its
own, and its answer kept in the user's cache.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import msgspec
import structlog

from candlewick.errors import ModelError
from candlewick.process.files import replace_atomically
from candlewick.warehouse.compiled import ZONE, Program, decode, encode

MODELS = Path(__file__).parents[2] / "models"
COMPILED = MODELS / "compiled.json"
"""A line with the digest of the sources, then the program for days of `ZONE`. `python -m …compiling` writes it."""

log = structlog.get_logger()


def program(timezone: str, folder: Path) -> Program:
    """Return the compiled models for days of a time zone. Raises `ModelError`.

    Those of changed models are kept in `folder` where the user has no cache that can be written.
    """
    return _program(folder).in_zone(timezone)


def digest() -> str:
    """Tell the models' sources apart from others."""
    files = sorted(path for path in MODELS.rglob("*") if path.suffix in (".sql", ".yml"))
    parts = [part for path in files for part in (path.relative_to(MODELS).as_posix().encode(), path.read_bytes())]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:32]


@lru_cache(maxsize=1)
def _program(folder: Path) -> Program:
    sources = digest()
    about, _, text = COMPILED.read_bytes().partition(b"\n") if COMPILED.exists() else (b"", b"", b"")
    if about.decode() == sources:
        return decode(text)
    name = f"models-{sources}.json"
    places = [place / name for place in (_cache(), folder) if place is not None]
    for place in places:
        with suppress(OSError, msgspec.DecodeError):
            return decode(place.read_bytes())
    compiled = _in_a_process()
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


def _in_a_process() -> Program:
    if find_spec("dbt") is None:
        raise ModelError(f"{MODELS}: somebody has changed the models, and dbt is needed: pip install 'candlewick[dbt]'")
    arguments = [sys.executable, "-m", "candlewick.warehouse.duckdb.compiling", "-"]
    done = subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise ModelError(f"the models could not be compiled: {reason}")
    return decode(done.stdout)


def compile_models(timezone: str = ZONE) -> Program:
    """Have dbt compile them for days of a zone.

    It is asked of a warehouse of no meaning that has their tables: only then do they look for what is new.
    """
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
    if sys.argv[1:] == ["-"]:
        with os.fdopen(os.dup(1), "wb") as answer:
            os.dup2(2, 1)  # whatever dbt prints is no answer
            answer.write(encode(compile_models()))
    else:
        COMPILED.write_bytes(digest().encode() + b"\n" + encode(compile_models()))
