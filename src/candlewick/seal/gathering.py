"""What the lake really holds of a UTC day: its objects are read, whatever manifests and checkpoints say.

A live object lies in the hour it was cut in, a little later than its trades. A backfill's lies in the hour of its
first trade and says in its name how far it reaches, so those of the day before are looked at, too. What lies elsewhere
is asked for again by id, which costs time and never a trade.
"""

import re
from array import array
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from itertools import islice

import structlog

from candlewick.errors import ObjectMissingError, TornObjectError
from candlewick.lake import names
from candlewick.lake.manifest import Manifest
from candlewick.lake.objects import Lake, LakeObject
from candlewick.lake.sealed import lines
from candlewick.lake.sealed.day import Gathered
from candlewick.lake.sealed.lines import Candle, Hole, NoCandle, TradeLine
from candlewick.lake.sealed.reference import RECORDER
from candlewick.lake.sealed.spool import Spool
from candlewick.moments import DAY, MINUTE, day_of, micros, starts_at, to_micros
from candlewick.spans import Spans

HOUR = 3_600_000_000
LATER = 3
"""Hours after midnight in which a day's last trades are looked for: the lake may have been slow."""
_READERS = 4
_AHEAD = 8
_MOST_LOOSE = 200_000
"""Lines of all symbols together that wait for being packed."""

log = structlog.get_logger()


@dataclass
class Gathering:
    """The lines of one day by symbol.

    `unread` are objects that are torn, `too_long` numbers that no column holds, `newest` is each recorder's last
    manifest among the objects: what it claims is asked for where it is not there, and proves nothing. `beside` are ids
    of trades of other days.
    """

    day: date
    symbols: Collection[str] | None = None
    spool: Spool | None = None
    by_symbol: dict[str, Gathered] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    too_long: dict[str, str] = field(default_factory=dict)
    newest: dict[str, Manifest] = field(default_factory=dict)
    beside: "defaultdict[str, array[int]]" = field(default_factory=lambda: defaultdict(lambda: array("q")))
    _loose: int = 0

    def add(self, raw: Iterable[bytes]) -> None:
        """Add lines; those of other days and symbols, and what is none of ours, are passed over."""
        for line in raw:
            event = lines.read(line)
            if isinstance(event, TradeLine):
                if day_of(micros(event.T)) == self.day and (gathered := self._of(event.s)):
                    self._add_trade(gathered, line, event)
                elif self.symbols is None or event.s in self.symbols:
                    self.beside[event.s].append(event.t)
            elif isinstance(event, Candle):
                is_minute = event.kline.i == "1m" and event.kline.x
                if is_minute and day_of(event.opens_at) == self.day and (gathered := self._of(event.symbol)):
                    gathered.candles[line] = event
            elif isinstance(event, NoCandle):
                if day_of(event.opens_at) == self.day and (gathered := self._of(event.symbol)):
                    gathered.absent[line] = event
            elif isinstance(event, Hole) and (gathered := self._of(event.symbol)):
                gathered.holes[line] = event
        if self._loose >= _MOST_LOOSE:
            self._pack()

    def gathered(self, symbol: str) -> Gathered:
        """Return what came of a symbol."""
        found = self.by_symbol.get(symbol) or Gathered(symbol, self.day)
        found.beside = self.beside[symbol]
        return found

    def claimed(self, symbol: str) -> Spans:
        """Return the ids that recorders say the lake has."""
        return Spans(each for manifest in self.newest.values() for each in manifest.covered.get(symbol, ()))

    def follow(self, manifest: Manifest) -> None:
        """Note what an object's recorder claims."""
        if manifest.seq >= self.newest.get(manifest.recorder, manifest).seq:
            self.newest[manifest.recorder] = manifest

    def _add_trade(self, gathered: Gathered, line: bytes, event: TradeLine) -> None:
        try:
            gathered.trades.add(line, event)
            self._loose += 1
        except OverflowError as error:
            self.too_long[event.s] = str(error)

    def _of(self, symbol: str) -> Gathered | None:
        if self.symbols is not None and symbol not in self.symbols:
            return None
        if symbol not in self.by_symbol:
            self.by_symbol[symbol] = Gathered(symbol, self.day, self.spool)
        return self.by_symbol[symbol]

    def _pack(self) -> None:
        """Put away what came, of however many symbols."""
        for gathered in self.by_symbol.values():
            gathered.trades.pack()
        self._loose = 0


def gather(lake: Lake, gathering: Gathering, show: Callable[[int, int], None] = lambda *_: None) -> None:
    """Read every object that may have lines of a day. Raises `LakeError`."""
    found = objects_of(lake, gathering.day)
    for number, item in enumerate(read(lake, found, gathering.unread)):
        gathering.add(item.lines)
        gathering.follow(item.manifest)
        show(number + 1, len(found))


def objects_of(lake: Lake, day: date) -> list[str]:
    """Return the names of the objects that may have lines of a day."""
    start = starts_at(day)
    hours = [names.folder(lake.prefix, start + HOUR * number) for number in range(-24, 24 + LATER)]
    there = set(lake.hours(hours[0]))
    found = []
    for number, folder in enumerate(hours, -24):
        if folder in there:
            listed = lake.list_folder(folder)
            found += listed if number >= -1 else [name for name in listed if _reaches(name, start)]
    return [name for name in found if (each := names.parse(name)) and each.recorder != RECORDER]


def read(lake: Lake, found: Iterable[str], unread: list[str]) -> Iterator[LakeObject]:
    """Read objects, several at once; those that are torn or gone are noted as `unread`. Raises `LakeError`."""
    with ThreadPoolExecutor(_READERS, "seal") as pool:
        names_left, reading = iter(found), deque[tuple[str, Future[LakeObject | Exception]]]()
        while True:
            reading.extend((name, pool.submit(_read, lake, name)) for name in islice(names_left, _AHEAD - len(reading)))
            if not reading:
                return
            name, item = reading[0][0], reading.popleft()[1].result()
            if isinstance(item, LakeObject):
                yield item
            else:
                unread.append(name)
                log.warning("object passed over", name=name, problem=str(item))


def _read(lake: Lake, name: str) -> LakeObject | Exception:
    try:
        return lake.read_object(name)
    except (TornObjectError, ObjectMissingError) as error:
        return error


def _reaches(name: str, start: int) -> bool:
    """Whether a backfill's object, by its name, goes on into the day that starts there."""
    parsed = names.parse(name)
    return parsed is not None and parsed.until is not None and to_micros(parsed.until) + MINUTE > start


def days_of(lake: Lake) -> list[date]:
    """Return the days that the lake has raw objects of, oldest first."""
    found = (folder.rpartition("/")[2] for folder in lake.subfolders(f"{lake.prefix}/raw"))
    return sorted(date.fromisoformat(each) for each in found if re.fullmatch(r"\d{4}-\d{2}-\d{2}", each))


def is_over(day: date, now: int, after: int) -> bool:
    """Whether a day ended so long ago (µs) that it is at rest."""
    return starts_at(day) + DAY + after <= now
