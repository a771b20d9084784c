"""Pure: objects that stand for sealed ones, so that whoever reads raw objects reads sealed days, too.

When the small objects of a day go, a few take their place that have a manifest and no lines: each names a row group of
a sealed file (or the file of a day's other lines), and is read as if those lines were its own. So rebuild, lineage,
replay and discovery know no difference, and at any instant a trade is there once at least.
"""

from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from typing import NamedTuple

import msgspec
import pyarrow as pa

from candlewick.errors import TornObjectError
from candlewick.lake import compression, names
from candlewick.lake.manifest import Extent, Manifest, SealedPart
from candlewick.lake.sealed import file
from candlewick.lake.sealed.columns import spans_of
from candlewick.lake.sealed.lines import Candle, read
from candlewick.moments import MINUTE, starts_at
from candlewick.spans import Spans

RECORDER = "sealed"


class Reference(NamedTuple):
    """An object without lines, by its name, that stands for a part of a sealed day."""

    name: str
    manifest: Manifest


def check(content: bytes, part: SealedPart) -> None:
    """Raise `TornObjectError` where a file's content is not what was sealed."""
    if sha256(content).hexdigest() != part.sha256:
        raise TornObjectError(f"{part.file}: not the file that was sealed; `candlewick seal --day` may restore it")


def trades_of(content: bytes, part: SealedPart) -> pa.Table:
    """Return the trades of a part of a checked sealed file, typed. Raises `TornObjectError`."""
    return file.read_typed(content, part.file, part.group)


def lines_of(content: bytes, part: SealedPart) -> list[bytes]:
    """Return the lines of a part of a checked sealed file. Raises `TornObjectError`."""
    return evidence_in(content) if part.group is None else list(file.read(content, part.file, part.group).lines())


def evidence_in(content: bytes) -> list[bytes]:
    """Return the lines in the file of a day's other lines."""
    return compression.decompress(content).split(b"\n")[:-1]


def references(
    prefix: str,
    symbol: str,
    day: date,
    content: bytes,
    trades: SealedPart,
    evidence: SealedPart,
    evidence_lines: list[bytes],
    sealed_at: int,
) -> Iterator[Reference]:
    """Return the references to a sealed day, `content` is its file's: always the same ones."""
    for group, (numbers, at) in enumerate(file.ids_and_times(content)):
        ids = spans_of(numbers)
        extent = Extent(ids.first, ids.last, ids.count, ids.ranges())
        named = {symbol: ids.ranges()}
        yield _reference(
            names.backfill(prefix, RECORDER, int(at[0]), int(at[-1]), named),
            sealed_at,
            msgspec.structs.replace(trades, group=group),
            spans={symbol: extent},
            covered=named,
        )
    minutes = _minutes(evidence_lines)
    opens = starts_at(day)
    settled = {symbol: minutes.ranges()} if minutes else {}
    yield _reference(
        names.backfill(prefix, RECORDER, opens, opens, {f"{symbol} evidence": [(opens, opens)]}),
        sealed_at,
        evidence,
        klines={symbol: minutes.count} if minutes else {},
        minutes=settled,
    )


def _minutes(evidence: list[bytes]) -> Spans:
    """Return the minutes (since the epoch) of which there is a candle of the exchange."""
    opens = {event.opens_at for event in map(read, evidence) if isinstance(event, Candle)}
    return Spans((at // MINUTE, at // MINUTE) for at in sorted(opens))


def _reference(
    name: str,
    sealed_at: int,
    part: SealedPart,
    *,
    spans: dict[str, Extent] | None = None,
    covered: dict[str, list[tuple[int, int]]] | None = None,
    klines: dict[str, int] | None = None,
    minutes: dict[str, list[tuple[int, int]]] | None = None,
) -> Reference:
    return Reference(
        name,
        Manifest(
            recorder=RECORDER,
            seq=1,
            prev=None,
            created=sealed_at,
            lines=0,
            spans=spans or {},
            covered=covered or {},
            klines=klines or {},
            minutes=minutes or {},
            sealed=part,
        ),
    )
