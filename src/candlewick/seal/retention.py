"""Retention: the small raw objects of sealed days go after a while, and only what is proved to be in a sealed file.

An object goes when each of its lines, byte for byte, is written again from a sealed day that was read back; one that
has a single line more stays for ever. First the references to the sealed days are durable, by which every reader finds
the same lines; then the objects are deleted, one by one. So at any instant, killed or not, each line is there at least
once.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import structlog

from candlewick.errors import ObjectMissingError, TornObjectError
from candlewick.lake import names
from candlewick.lake.objects import Lake, LakeObject
from candlewick.lake.sealed import day as days
from candlewick.lake.sealed import lines
from candlewick.lake.sealed.day import column
from candlewick.lake.sealed.file import Sealed
from candlewick.lake.sealed.lines import Candle, Hole, TradeLine
from candlewick.lake.sealed.reference import RECORDER
from candlewick.moments import day_of, micros, starts_at
from candlewick.process.crashpoint import crashpoint
from candlewick.seal import gathering
from candlewick.seal.certificate import Certificate
from candlewick.seal.referring import refer, rows_in
from candlewick.seal.seals import Seals

_DAYS_HELD = 8
"""Sealed days that are held in memory at once."""

log = structlog.get_logger()
Key = tuple[str, date]


@dataclass(frozen=True)
class Held:
    """A sealed day as it was read back: its file was checked by its digest."""

    certificate: Certificate
    sealed: Sealed
    evidence: list[bytes]
    others: frozenset[bytes]

    def has(self, asked: dict[int, set[bytes]]) -> bool:
        """Whether each of these lines of trades, by id, is one that is written again from here."""
        ids = column(self.sealed.trades, "trade_id")
        wanted = np.array(sorted(asked), dtype=np.int64)
        rows = np.searchsorted(ids, wanted)
        if len(rows) and (rows[-1] >= len(ids) or (ids[rows] != wanted).any()):
            return False
        table = self.sealed.trades.take(rows)
        again = days.encode(self.sealed.symbol, table, self.sealed.places)
        return all(asked[each] <= {line} | self.others for each, line in zip(wanted.tolist(), again, strict=True))


@dataclass
class Retention:
    """Lets the raw objects of sealed days go; `keeps` are names that checkpoints know."""

    lake: Lake
    seals: Seals
    keeps: frozenset[str] = frozenset()
    _held: "OrderedDict[Key, Held | None]" = field(default_factory=OrderedDict)
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
            elif isinstance(event, Candle):
                key = event.symbol, day_of(event.opens_at)
                asked.setdefault(key, {})
                if (held := self._day(key)) is None or line not in held.others:
                    return None
            elif isinstance(event, Hole) and (told := self._of_hole(event, line)):
                asked.setdefault(told, {})
            else:
                return None
        for key, by_id in asked.items():
            if (held := self._day(key)) is None or not held.has(by_id):
                return None
        return set(asked)

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
        if key not in self._held:
            while len(self._held) >= _DAYS_HELD:
                self._held.popitem(last=False)
            self._held[key] = self._read(key)
        self._held.move_to_end(key)
        return self._held[key]

    def _read(self, key: Key) -> Held | None:
        try:
            certificate = self.seals.certificate(*key)
            evidence = self.seals.evidence(certificate)
            return Held(certificate, self.seals.read(certificate), evidence, frozenset(evidence))
        except ObjectMissingError:
            return None
        except TornObjectError as error:
            log.error("sealed day not as it was certified: nothing of it is deleted", problem=str(error))
            return None

    def _refer(self, key: Key) -> None:
        """Make the references to a sealed day durable."""
        held = self._day(key)
        assert held is not None, "an object is only let go for days that are sealed"
        refer(self.lake, held.certificate, held.sealed, held.evidence, rows_in(self.lake, held.certificate))
        self._referred.add(key)


def names_in_checkpoints(checkpoints: Iterable[object]) -> frozenset[str]:
    """Return the objects that recorders on this data folder go on from."""
    found = (getattr(each, name, None) for each in checkpoints for name in ("prev", "last_stream", "writing"))
    return frozenset(each for each in found if each)
