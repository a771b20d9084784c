"""What is there already: lake, checkpoint, warehouse and mart, and whether this version can read them."""

import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec

from candlewick.config import Settings
from candlewick.errors import LakeError, MartNotReadyError, ObjectExistsError
from candlewick.lake.objects import Lake
from candlewick.process import heartbeat
from candlewick.setup.checks.answers import Check, Found
from candlewick.setup.checks.rights import rights
from candlewick.tape import checkpoint

NONE_YET = "none yet"


def checks(settings: Settings) -> list[Check]:
    """All that is asked of what was written."""
    found: list[Check] = [("rights in the bucket", lambda: rights(settings))] if _is_in_s3(settings) else []
    found += [
        ("the lake takes an object once", lambda: _puts_once(settings)),
        ("newest object of the lake", lambda: _newest_object(settings)),
        ("checkpoint", lambda: _checkpoint(settings)),
    ]
    if settings.warehouse == "duckdb" and find_spec("duckdb") is not None:  # a machine that only records has none
        found += [("warehouse", lambda: _warehouse(settings)), ("mart", lambda: _mart(settings))]
    return found


def _is_in_s3(settings: Settings) -> bool:
    return settings.lake_url.startswith(("s3://", "s3a://"))


def _lake(settings: Settings) -> Lake:
    return Lake.open(settings.lake_url, settings.prefix, settings.s3)


def _puts_once(settings: Settings) -> Found:
    lake = _lake(settings)
    if not lake.is_begun:
        return "ok", f"{settings.lake_url} will be made"
    name = lake.staging(f"doctor-{secrets.token_hex(8)}")
    started = time.monotonic()
    lake.put_absent(name, b"candlewick\n")
    took = (time.monotonic() - started) * 1e3
    try:
        lake.put_absent(name, b"another\n")
    except ObjectExistsError:
        return "ok", f"{settings.lake_url}: put in {took:.0f} ms; a second one of its name was refused"
    finally:
        with suppress(LakeError):  # a right that lacks is told of by `rights`; a recorder does without this one
            lake.delete(name)
    return (
        "wrong",
        f"{settings.lake_url}: a second object of the same name replaced the first",
        "use a store that has conditional puts",
    )


def _newest_object(settings: Settings) -> Found:
    lake = _lake(settings)
    if not lake.is_begun:
        return "ok", NONE_YET
    for name in _newest_first(lake):
        read = lake.read_text(name)
        return "ok", f"{name}: {read.manifest.lines:,} lines, a manifest of version {read.manifest.v}"
    return "ok", NONE_YET


def _newest_first(lake: Lake) -> Iterator[str]:
    for hour in reversed(lake.hours()):
        yield from reversed(lake.list_folder(hour))


def _checkpoint(settings: Settings) -> Found:
    held = checkpoint.load(settings.state_path, settings.recorder)
    if held is None:
        return "ok", NONE_YET
    return "ok", f"version {held.v}, {held.seq:,} objects of recorder {held.recorder!r}"


def _warehouse(settings: Settings) -> Found:
    import duckdb  # noqa: PLC0415

    path = settings.duckdb_path
    if not path.exists():
        return "ok", NONE_YET
    beat = heartbeat.read(settings.run_path, "warehouse")
    if beat is not None and heartbeat.is_alive(beat):
        return "ok", f"{path}: open in `candlewick warehouse`, pid {beat['pid']}"
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            [(loaded,)] = connection.execute("select count(*) from raw.loaded_objects").fetchall()
    except duckdb.Error as error:
        problem = str(error).partition("\n")[0]
        return "wrong", problem, "stop who has it open" if "lock" in problem else "candlewick rebuild"
    return "ok", f"{path}: {loaded:,} objects are loaded"


def _mart(settings: Settings) -> Found:
    from candlewick.mart.reader import Mart  # noqa: PLC0415

    try:
        current = Mart(settings.mart_path).current()
    except MartNotReadyError:
        return "ok", NONE_YET
    return "ok", f"version {current.version}, published {current.published_at:%Y-%m-%d %H:%M:%S} UTC"
