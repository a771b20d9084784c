"""Retention: the small raw objects of sealed days go after a while, and only what is proved to be in a sealed file.

An object goes when each of its lines, byte for byte, is written again from a sealed day that was read back; one that
has a single line more stays for ever. First the references to the sealed days are durable, by which every reader finds
the same lines; then the objects are deleted, one by one. So at any instant, killed or not, each line is there at least
once.
"""

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby
from typing import Generic, TypeVar

import numpy as np
import structlog

from candlewick.errors import ObjectMissingError, TornObjectError
from candlewick.lake import names
from candlewick.lake.objects import Lake, LakeObject
from candlewick.lake.sealed import day as days
from candlewick.lake.sealed import file, lines
from candlewick.lake.sealed.day import column
from candlewick.lake.sealed.file import Sealed
from candlewick.lake.sealed.lines import Candle, Hole, NoCandle, TradeLine
from candlewick.lake.sealed.reference import RECORDER
from candlewick.moments import day_of, micros, starts_at
from candlewick.process.crashpoint import crashpoint
from candlewick.seal import gathering
from candlewick.seal.certificate import Certificate
from candlewick.seal.referring import refer
from candlewick.seal.seals import Seals

_BYTES_HELD = 256 << 20
"""Of sealed days that are held in memory at once."""
_TRADES_HELD = 2_000_000
"""Of their row groups that are held as columns."""
_OF_A_LINE = 100
"""Bytes that a line takes in memory besides its own."""

log = structlog.get_logger()
Key = tuple[str, date]
K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True)
class Held:
    """A sealed day as it was read back: its file was checked by its digest."""

    certificate: Certificate
    content: bytes
    last_ids: list[int]
    """Of each row group of its file."""
    evidence: list[bytes]
    others: frozenset[bytes]

    @property
    def weight(self) -> int:
        """About how many bytes of memory it takes."""
        return len(self.content) + sum(len(line) + _OF_A_LINE for line in self.evidence)

    def group_of(self, trade_id: int) -> int:
        """Return which row group of its file has a trade, if any has; their number where none has."""
        return bisect_left(self.last_ids, trade_id)

    def group(self, number: int) -> Sealed:
        """Read a row group of its file."""
        return file.read(self.content, self.certificate.body["file"]["name"], number)

    def has(self, asked: dict[int, set[bytes]], part: Sealed) -> bool:
        """Whether each of these lines of trades, by id, is one that is written again from a part of it."""
        ids, wanted = column(part.trades, "trade_id"), np.array(sorted(asked), dtype=np.int64)
        rows = np.searchsorted(ids, wanted)
        if (ids[rows] != wanted).any():
            return False
        again = days.encode(part.symbol, part.trades.take(rows), part.places)
        return all(asked[each] <= {line} | self.others for each, line in zip(wanted.tolist(), again, strict=True))


class _Recent(Generic[K, V]):
    """What was used last, as much of it as may be held."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._weight = 0
        self._held: OrderedDict[K, tuple[V, int]] = OrderedDict()

    def get(self, key: K, make: Callable[[K], tuple[V, int]]) -> V:
        """Return what is held, or else what is made and what it weighs."""
        if key not in self._held:
            value, weight = make(key)
            self._weight += weight
            while self._held and self._weight > self._most:
                self._weight -= self._held.popitem(last=False)[1][1]
            self._held[key] = value, weight
        self._held.move_to_end(key)
        return self._held[key][0]


@dataclass
class Retention:
    """Lets the raw objects of sealed days go; `keeps` are names that checkpoints know."""

    lake: Lake
    seals: Seals
    keeps: frozenset[str] = frozenset()
    _days: "_Recent[Key, Held | None]" = field(default_factory=lambda: _Recent(_BYTES_HELD))
    _groups: "_Recent[tuple[Key, int], Sealed]" = field(default_factory=lambda: _Recent(_TRADES_HELD))
    _referred: set[Key] = field(default_factory=set)

    def let_go(self, day: date, show: Callable[[int, int], None] = lambda *_: None) -> int:
        """Delete the objects in a day's folders that sealed days hold whole; return how many. Raises `LakeError`."""
        found = self._objects_of(day)
        unread: list[str] = []
        gone = 0
        for number, item in enumerate(gathering.read(self.lake, found, unread)):
            show(number, len(found))
            if (needed := self._needed(item)) is None:
                continue
            for key in sorted(needed - self._referred):
                self._refer(key)
            crashpoint("before delete")
            self.lake.delete(item.name)
            crashpoint("after delete")
            gone += 1
        if gone:
            log.info("raw objects let go", day=str(day), objects=gone, kept=len(found) - gone)
        return gone

    def _objects_of(self, day: date) -> list[str]:
        """Return the names in a day's folders that may go: neither references nor what a recorder goes on from."""
        first = names.folder(self.lake.prefix, starts_at(day)).rpartition("/")[0]
        listed = [
            name for hour in self.lake.hours(f"{first}/00") if hour.startswith(f"{first}/")
            for name in self.lake.list_folder(hour)
        ]  # fmt: skip
        parsed = {name: names.parse(name) for name in listed if name not in self.keeps}
        newest = self._newest({each.recorder for each in parsed.values() if each}, listed)
        return [name for name, each in parsed.items() if each and each.recorder != RECORDER and name not in newest]

    def _newest(self, recorders: set[str], listed: list[str]) -> set[str]:
        """Return the last live object of each recorder whose last one is among these: a checkpoint begins with it."""
        streams = [name for name in listed if (each := names.parse(name)) and each.kind == "stream"]
        last = {each.recorder: name for name in sorted(streams) if (each := names.parse(name))}
        return {
            name for recorder, name in last.items() if recorder in recorders and not self._has_later(recorder, name)
        }

    def _has_later(self, recorder: str, name: str) -> bool:
        for hour in reversed(self.lake.hours(name.rpartition("/")[0])):
            for other in reversed(self.lake.list_folder(hour)):
                each = names.parse(other)
                if each and each.kind == "stream" and each.recorder == recorder:
                    return other.rpartition("/")[2] > name.rpartition("/")[2]
        return False

    def _needed(self, item: LakeObject) -> set[Key] | None:
        """Return the sealed days that hold all lines of an object; None where they do not."""
        asked: dict[Key, dict[int, set[bytes]]] = {}
        for line in item.lines:
            event = lines.read(line)
            if isinstance(event, TradeLine):
                by_id = asked.setdefault((event.s, day_of(micros(event.T))), {})
                by_id.setdefault(event.t, set()).add(line)
            elif isinstance(event, Candle | NoCandle):
                key = event.symbol, day_of(event.opens_at)
                asked.setdefault(key, {})
                if (held := self._day(key)) is None or line not in held.others:
                    return None
            elif isinstance(event, Hole) and (told := self._of_hole(event, line)):
                asked.setdefault(told, {})
            else:
                return None
        return set(asked) if all(self._has(key, by_id) for key, by_id in asked.items()) else None

    def _has(self, key: Key, asked: dict[int, set[bytes]]) -> bool:
        """Whether a sealed day has each of these lines of trades, by id."""
        if (held := self._day(key)) is None:
            return False
        for number, ids in groupby(sorted(asked), held.group_of):
            if number == len(held.last_ids):
                return False
            part = self._groups.get((key, number), lambda each: _weighed(held.group(each[1])))
            if not held.has({each: asked[each] for each in ids}, part):
                return False
        return True

    def _of_hole(self, hole: Hole, line: bytes) -> Key | None:
        """Return the sealed day whose evidence an answer about a hole is: by the time of the trade behind it."""
        at = hole.answer.get("time")
        if not isinstance(at, int):
            return None
        near = (day_of(micros(at)) + timedelta(days=number) for number in (0, -1))
        return next(
            (key for key in ((hole.symbol, each) for each in near) if (held := self._day(key)) and line in held.others),
            None,
        )

    def _day(self, key: Key) -> Held | None:
        """Return a sealed day, read back; None where it is not sealed, or its file is not what was certified."""
        return self._days.get(key, self._read)

    def _read(self, key: Key) -> tuple[Held | None, int]:
        try:
            certificate = self.seals.certificate(*key)
            content, evidence = self.seals.content(certificate), self.seals.evidence(certificate)
            held = Held(certificate, content, file.groups(content), evidence, frozenset(evidence))
            return held, held.weight
        except ObjectMissingError:
            return None, 0
        except TornObjectError as error:
            log.error("sealed day not as it was certified: nothing of it is deleted", problem=str(error))
            return None, 0

    def _refer(self, key: Key) -> None:
        """Make the references to a sealed day durable."""
        held = self._day(key)
        assert held is not None, "an object is only let go for days that are sealed"
        refer(self.lake, held.certificate, held.content, held.evidence)
        self._referred.add(key)


def _weighed(part: Sealed) -> tuple[Sealed, int]:
    return part, part.trades.num_rows


def names_in_checkpoints(checkpoints: Iterable[object]) -> frozenset[str]:
    """Return the objects that recorders on this data folder go on from."""
    found = (getattr(each, name, None) for each in checkpoints for name in ("prev", "last_stream", "writing"))
    return frozenset(each for each in found if each)
