"""The recorder's checkpoint: `state.json`, a cache of what the manifests in the lake say.

Order: object durable, then `state.json` replaced. So a kill leaves a checkpoint that is at most one object behind,
and `recover` finds that object; a checkpoint that is lost or corrupt is made again from the newest manifests.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import msgspec
import structlog

from candlewick.errors import (
    UNREADABLE,
    CheckpointError,
    LakeError,
    NewerError,
    NewerObjectError,
    ObjectMissingError,
    TornObjectError,
)
from candlewick.lake import names
from candlewick.lake.manifest import HistoryMark, Manifest
from candlewick.lake.objects import Lake
from candlewick.process.files import lock_beside, replace_atomically
from candlewick.spans import Range

VERSION = 1
_CLOCK_LEAP = timedelta(days=1)
"""A folder's times are those of this machine's clock, which may have been put back by so much since."""

log = structlog.get_logger()


class Pause(msgspec.Struct, frozen=True):
    """The exchange is not to be asked `until` (our clock, µs), which was so many `seconds` off when it said so."""

    until: int
    seconds: float


class Checkpoint(msgspec.Struct):
    """What a recorder holds in the lake. `writing` names a backfill object that may have been written since.

    `lake` says which one. `pause` is what the exchange asked for when it last refused to answer.
    Of a backfill: `wanted` are the ids that it was asked for, and `days` the days whose files it has read from the
    archive, each with the file's SHA-256.
    """

    recorder: str
    v: int = VERSION
    lake: str = ""
    pause: Pause | None = None
    seq: int = 0
    prev: str | None = None
    last_stream: str | None = None
    writing: str | None = None
    covered: dict[str, list[Range]] = {}
    declared: dict[str, list[Range]] = {}
    history: dict[str, HistoryMark] = {}
    minutes: dict[str, list[Range]] = {}
    wanted: dict[str, list[Range]] = {}
    days: dict[str, dict[str, str]] = {}

    def follow(self, name: str, manifest: Manifest) -> None:
        """Move on to an object that is durable."""
        self.seq, self.prev = manifest.seq, name
        self.covered, self.declared = manifest.covered, manifest.declared
        self.minutes |= manifest.minutes
        self.history |= manifest.history
        self.writing = None
        if names.is_stream(name):
            self.last_stream = max(name, self.last_stream or name)

    def save(self, path: Path) -> None:
        """Replace the file atomically; it is durable when this returns."""
        replace_atomically(path, msgspec.json.encode(self))


def load(path: Path, recorder: str) -> Checkpoint | None:
    """Read the checkpoint; None where there is none.

    Raises `CheckpointError` where it cannot be used, and `NewerError`.
    """
    try:
        checkpoint = msgspec.json.decode(path.read_bytes(), type=Checkpoint)
    except FileNotFoundError:
        return None
    except (OSError, *UNREADABLE) as error:
        raise CheckpointError(f"{path}: cannot be read: {error}") from None
    if checkpoint.v > VERSION:
        raise NewerError(str(path), checkpoint.v, VERSION)
    if (checkpoint.v, checkpoint.recorder) != (VERSION, recorder):
        found = f"version {checkpoint.v} of {checkpoint.recorder!r}"
        raise CheckpointError(f"{path}: expected version {VERSION} of recorder {recorder!r}, got {found}")
    return checkpoint


def all_in(folder: Path, lake: str | None = None) -> Iterator[Checkpoint]:
    """Return the checkpoints of a data folder's recorders, as far as they can be read; those of one `lake`, if any."""
    for path in sorted(folder.glob("*.state.json")):
        with suppress(OSError, *UNREADABLE):
            checkpoint = msgspec.json.decode(path.read_bytes(), type=Checkpoint)
            if lake is None or checkpoint.lake in {"", lake}:
                yield checkpoint


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Hold the checkpoint for this process. Raises `CheckpointError` where another one holds it."""
    try:
        descriptor = lock_beside(path)
    except BlockingIOError as holder:
        raise CheckpointError(
            f"{path}: another recorder of this name runs on this folder ({holder}); stop it, or set another `recorder`"
        ) from None
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be written: {error.strerror}; set `data` to a folder of yours") from None
    try:
        yield
    finally:
        os.close(descriptor)


def check_lake(path: Path, lake: Lake, recorder: str) -> None:
    """See that the lake of this checkpoint is there, before anything is written to where it should be.

    Raises `LakeError` where an empty folder, or none, is in its place: a disk is not mounted.
    """
    with suppress(CheckpointError):  # opening it tells
        known = load(path, recorder)
        if known is not None and known.seq and known.lake == lake.identity and not lake.is_begun:
            raise LakeError(
                f"{lake.url}: expected the lake with the {known.seq:,} objects that {path} knows, found nothing; "
                f"mount its disk or move it back, or, to begin a new lake there, remove {path}"
            )


def open_checkpoint(path: Path, lake: Lake, recorder: str) -> Checkpoint:
    """Return the checkpoint as the lake bears it out. Raises `LakeError`.

    A file that cannot be used is kept aside as `….corrupt`, and one log line says so.
    """
    checkpoint = _open(path, lake, recorder)
    checkpoint.lake = lake.identity
    return checkpoint


def _open(path: Path, lake: Lake, recorder: str) -> Checkpoint:
    try:
        checkpoint = load(path, recorder)
    except CheckpointError as error:
        aside = path.with_name(f"{path.name}.corrupt")
        path.replace(aside)
        checkpoint = rebuild(lake, recorder)
        log.warning("checkpoint rebuilt from the lake", problem=str(error), seq=checkpoint.seq, kept_aside=str(aside))
        return checkpoint
    if checkpoint is None or not _is_borne_out(checkpoint, lake):
        return _rebuild_lost(checkpoint, lake, recorder)
    return catch_up(checkpoint, lake)


def catch_up(checkpoint: Checkpoint, lake: Lake) -> Checkpoint:
    """Follow the objects that were written after the checkpoint was saved."""
    since = checkpoint.last_stream
    newer = [name for name in _streams(lake, checkpoint.recorder, since) if name != since]
    newest = _newest_readable(lake, sorted(newer, reverse=True))
    pending = _newest_readable(lake, [checkpoint.writing] if checkpoint.writing else [])
    found = [each for each in (newest, pending) if each and each[1].seq > checkpoint.seq]
    return _follow_newest(checkpoint, found)


def rebuild(lake: Lake, recorder: str) -> Checkpoint:
    """Make the checkpoint from the lake alone: from the newest manifest of this recorder.

    Names tell which live object is the newest, but a backfill object is named by its trades: those that the store
    holds to be as new, or nearly, are read, too.
    """
    own = [item for item in lake.list_all() if _is_by(item.name, recorder)]
    streams = {item.name: item for item in own if names.is_stream(item.name)}
    newest = _newest_readable(lake, sorted(streams, reverse=True))
    limit = streams[newest[0]].modified - _CLOCK_LEAP if newest else None
    late = [item.name for item in own if not names.is_stream(item.name) and (limit is None or item.modified >= limit)]
    found = [newest] if newest else []
    return _follow_newest(Checkpoint(recorder), [*found, *_readable(lake, late)])


def _rebuild_lost(checkpoint: Checkpoint | None, lake: Lake, recorder: str) -> Checkpoint:
    rebuilt = rebuild(lake, recorder)
    if checkpoint is not None:
        rebuilt.history = checkpoint.history | rebuilt.history
        rebuilt.pause = checkpoint.pause
        log.warning("checkpoint not borne out by the lake, rebuilt from it", missing=checkpoint.prev, seq=rebuilt.seq)
    elif rebuilt.seq:
        log.warning("checkpoint rebuilt from the lake", problem="state.json is missing", seq=rebuilt.seq)
    return rebuilt


def _is_borne_out(checkpoint: Checkpoint, lake: Lake) -> bool:
    """Whether the newest object that the checkpoint knows is in the lake, and says the same of what is covered.

    The lake may have been emptied or exchanged, and a file may have a digit that is not as it was written.
    """
    if checkpoint.prev is None:
        return checkpoint.seq == 0 and not checkpoint.covered
    found = _newest_readable(lake, [checkpoint.prev])
    return found is not None and (found[1].seq, found[1].covered) == (checkpoint.seq, checkpoint.covered)


def _follow_newest(checkpoint: Checkpoint, found: Iterable[tuple[str, Manifest]]) -> Checkpoint:
    for name, manifest in sorted(found, key=lambda each: each[1].seq):
        checkpoint.follow(name, manifest)
    checkpoint.writing = None
    return checkpoint


def _streams(lake: Lake, recorder: str, since: str | None) -> Iterator[str]:
    """Return this recorder's live objects from a name on."""
    for folder in lake.hours(since.rpartition("/")[0] if since else None):
        for name in lake.list_folder(folder):
            if names.is_stream(name) and _is_by(name, recorder) and (since is None or name >= since):
                yield name


def _is_by(name: str, recorder: str) -> bool:
    parsed = names.parse(name)
    return parsed is not None and parsed.recorder == recorder


def _newest_readable(lake: Lake, candidates: Iterable[str]) -> tuple[str, Manifest] | None:
    return next(iter(_readable(lake, candidates)), None)


def _readable(lake: Lake, candidates: Iterable[str]) -> Iterator[tuple[str, Manifest]]:
    """Read the manifests of objects; one that is torn or gone is passed over, and said. Raises `NewerError`.

    A lake that cannot be read now proves nothing: its `LakeError` goes on, or a start would forget what it has.
    """
    for name in candidates:
        try:
            yield name, lake.read_object(name).manifest
        except NewerObjectError as error:  # passed over, the recorder would go on from what it had before
            raise NewerError(error.name, error.found, error.known) from None
        except (TornObjectError, ObjectMissingError) as error:
            log.warning("object passed over", name=name, problem=str(error))
