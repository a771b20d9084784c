"""Pure: the manifest, the last line of every object in the lake, which says what the object holds.

The newest manifest of a recorder alone rebuilds its checkpoint; all manifests together prove the tape.
"""

import msgspec

from candlewick.errors import UNREADABLE, MalformedFrameError, preview
from candlewick.spans import Range

VERSION = 1


class Extent(msgspec.Struct, frozen=True):
    """The trades of one symbol in one object: `count` distinct ids, in maximal contiguous `ranges`."""

    first: int
    last: int
    count: int
    ranges: list[Range]


class HistoryMark(msgspec.Struct, frozen=True):
    """How far back a symbol's tape is to reach: it was first recorded at `since`, from the id `origin` on.

    `target` is the moment to reach back to and `floor` the first id at or after it; both ids are None until known.
    Times are the exchange's, in µs.
    """

    since: int
    target: int
    floor: int | None = None
    origin: int | None = None


class SealedPart(msgspec.Struct, frozen=True):
    """What an object without lines of its own stands for: a row group of a sealed file, or (None) a file of lines."""

    file: str
    sha256: str
    group: int | None = None


class DayNote(msgspec.Struct, frozen=True):
    """How far a UTC day of a symbol is: `state` is "sealed", or what keeps it from a seal, and `why`.

    Of a sealed day `first_id`, `last_id`, `count`, `declared` and `digest` are its certificate's, and `file` is the one
    that has its trades. `objects` are those to be read for them that no other manifest leads to.
    """

    symbol: str
    day: str
    state: str
    why: str = ""
    first_id: int | None = None
    last_id: int | None = None
    count: int = 0
    declared: int = 0
    digest: str = ""
    file: str = ""
    objects: tuple[str, ...] = ()


class Manifest(msgspec.Struct, frozen=True, kw_only=True, tag_field="e", tag="manifest"):
    """What an object holds, and what its recorder holds in the lake once this object is durable.

    `seq` counts a recorder's objects from 1 and `prev` names the one before (None for the first), so that the
    objects of a recorder are a chain. `created` is the recorder's clock in µs since the epoch. `lines` leaves the
    manifest itself out. `covered` includes this object. `declared` are holes that the exchange says do not exist.
    `klines` counts the exchange's candles in this object, and `minutes` are the minutes since the epoch that are
    settled with them, of the symbols that got any: their 1m candle is in the lake, or the exchange says it has none.
    `history` is how far back the tape of each symbol is to reach. `sealed` is where the lines of an object are that has
    none of its own. `days` is what is known of whole days since it was said last.
    """

    v: int = VERSION
    recorder: str
    seq: int
    prev: str | None
    created: int
    lines: int
    spans: dict[str, Extent]
    covered: dict[str, list[Range]]
    declared: dict[str, list[Range]] = {}
    klines: dict[str, int] = {}
    minutes: dict[str, list[Range]] = {}
    history: dict[str, HistoryMark] = {}
    sealed: SealedPart | None = None
    days: tuple[DayNote, ...] = ()


class _Version(msgspec.Struct):
    """All that is read of a manifest that is not like ours: the rest of a newer one may look otherwise."""

    v: int = VERSION


_ENCODER = msgspec.json.Encoder()
_DECODER: msgspec.json.Decoder[Manifest] = msgspec.json.Decoder(Manifest)


def encode(manifest: Manifest) -> bytes:
    """Return the manifest as one JSON line, without a line end."""
    return _ENCODER.encode(manifest)


def version_of(line: bytes) -> int:
    """Return the version of what may be a manifest; ours where it does not tell."""
    try:
        return msgspec.json.decode(line, type=_Version).v
    except UNREADABLE:
        return VERSION


def decode(line: bytes) -> Manifest:
    """Read a manifest's line. Raises `MalformedFrameError` with what was expected and where."""
    try:
        manifest = _DECODER.decode(line)
    except UNREADABLE as error:
        raise MalformedFrameError(f"expected a manifest, got {preview(line)}: {error}") from None
    if manifest.v != VERSION:
        raise MalformedFrameError(
            f"expected a manifest of version {VERSION}, got version {manifest.v}; a newer Candlewick reads it"
        )
    return manifest
