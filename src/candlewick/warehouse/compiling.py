"""What the models compile to: dbt says it once, when a version is made, and it is part of the package.

So nobody needs dbt to run Candlewick. Where somebody has changed the models, dbt is asked anew, in a process of its
own, and its answer kept in the user's cache. dbt needs no warehouse for it: what an owner runs asks none while it is
compiled (models/macros/changes.sql).
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
from candlewick.warehouse.compiled import DATABASE, ZONE, Program, decode, encode
from candlewick.warehouse.targets import Kind

MODELS = Path(__file__).parents[1] / "models"
KINDS: tuple[Kind, ...] = ("duckdb", "snowflake")

log = structlog.get_logger()


def program(kind: Kind, timezone: str, folder: Path, *, database: str = DATABASE) -> Program:
    """Return the compiled models for days of a time zone; on Snowflake, in a database. Raises `ModelError`.

    Those of changed models are kept in `folder` where the user has no cache that can be written.
    """
    return _program(kind, folder).for_use(timezone, database)


def shipped(kind: Kind) -> Path:
    """The file of the package: a line with the digest of the sources, then the program for `ZONE` and `DATABASE`.

    `python -m candlewick.warehouse.compiling` writes it.
    """
    return MODELS / "compiled" / f"{kind}.json"


def digest() -> str:
    """Tell the models' sources apart from others."""
    files = sorted(path for path in MODELS.rglob("*") if path.suffix in (".sql", ".yml"))
    parts = [part for path in files for part in (path.relative_to(MODELS).as_posix().encode(), path.read_bytes())]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:32]


@lru_cache(maxsize=2)
def _program(kind: Kind, folder: Path) -> Program:
    sources, file = digest(), shipped(kind)
    about, _, text = file.read_bytes().partition(b"\n") if file.exists() else (b"", b"", b"")
    if about.decode() == sources:
        return decode(text)
    name = f"models-{kind}-{sources}.json"
    places = [place / name for place in (_cache(), folder) if place is not None]
    for place in places:
        with suppress(OSError, msgspec.DecodeError):
            return decode(place.read_bytes())
    compiled = _in_a_process(kind)
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


def _in_a_process(kind: Kind) -> Program:
    if find_spec("dbt") is None or find_spec(f"dbt.adapters.{kind}") is None:
        extra = "dbt" if kind == "duckdb" else "dbt-snowflake"
        needed = f"dbt is needed: pip install 'candlewick[{extra}]'"
        raise ModelError(f"{MODELS}: somebody has changed the models, and {needed}")
    arguments = [sys.executable, "-m", "candlewick.warehouse.compiling", kind]
    done = subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise ModelError(f"the models could not be compiled: {reason}")
    return decode(done.stdout)


def compile_models(kind: Kind, timezone: str = ZONE) -> Program:
    """Have dbt compile them for days of a zone. Raises `ModelError`."""
    from candlewick.warehouse.project import Project  # noqa: PLC0415
    from candlewick.warehouse.targets import Target  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        project = Project(Target.nowhere(kind, Path(folder)), Path(folder) / "dbt", timezone=timezone)
        try:
            return project.compiled()
        finally:
            project.close()


if __name__ == "__main__":
    if sys.argv[1:]:
        with os.fdopen(os.dup(1), "wb") as answer:
            os.dup2(2, 1)  # whatever dbt prints is no answer
            [asked] = [kind for kind in KINDS if kind == sys.argv[1]]
            answer.write(encode(compile_models(asked)))
    else:
        for each in KINDS:
            shipped(each).write_bytes(digest().encode() + b"\n" + encode(compile_models(each)))
