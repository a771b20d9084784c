"""Moves objects from the lake into RAW, each exactly once, a batch in a transaction.

Objects are read ahead by a few threads and loaded in batches of bounded size, so that a backlog of any length needs
the memory of one batch. An object that is torn or not ours is reported once, by name, and never loaded in part.
"""

import gc
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import islice, pairwise
from typing import NamedTuple

import structlog
from obstore.exceptions import NotFoundError

from candlewick.errors import LakeError, TornObjectError
from candlewick.lake.manifest import Manifest
from candlewick.lake.objects import Lake
from candlewick.spans import Range
from candlewick.warehouse.duckdb.copies import Copies
from candlewick.warehouse.duckdb.discovery import Discovery
from candlewick.warehouse.duckdb.file import Warehouse
from candlewick.warehouse.duckdb.lines import Readable

BATCH_LINES = 370_000
"""Of a transaction in a backlog. DuckDB writes its whole row groups (122,880 rows) into the file at once; what is left
of three or more is not written again at the next checkpoint."""
_READ_AHEAD = 8
_AT_ONCE = 2_000
"""Lines of small objects that are read in one go: handing each to a thread costs a fair part of reading it."""
_REPORTED = 1_000
_SWEEP_SECONDS = 0.2
"""How long folders are swept in vain before hot ones are looked at again."""

log = structlog.get_logger()


Holes = dict[str, tuple[list[Range], list[Range]]]
"""By symbol: the spans of ids between covered ones that are not, and the declared ones."""


@contextmanager
def _without_search_for_circles() -> Iterator[None]:
    """Have Python not look for unused circles among all that a batch keeps, again and again: it makes none."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


_Ahead = tuple[deque[str], Future[list[Readable | str | LakeError | None]]]
"""Names that are read in one go and not given out yet, and what comes of it."""


class Loaded(NamedTuple):
    """What a call of `Loader.load` did."""

    objects: int
    lines: int
    has_news_for_audit: bool

    def plus(self, other: "Loaded") -> "Loaded":
        """Sum up both."""
        return Loaded(
            self.objects + other.objects,
            self.lines + other.lines,
            self.has_news_for_audit or other.has_news_for_audit,
        )


NOTHING = Loaded(0, 0, False)


@dataclass
class Loader:
    """The way from the lake into RAW; `skipped` names what was not loaded, with the reason.

    `put` loads a batch, where more is to be made of it than rows of RAW; it returns as `Warehouse.load`. `copies` are
    those of a lake in a store; without them trades of its sealed days come as columns.
    """

    lake: Lake
    warehouse: Warehouse
    put: Callable[[Sequence[Readable]], dict[str, str]] | None = None
    copies: Copies | None = None
    discovery: Discovery = field(init=False)
    skipped: dict[str, str] = field(default_factory=dict)
    _in_vain: float = 0.0
    _gone: list[str] = field(default_factory=list)
    _lines: int = _AT_ONCE
    _holes: dict[str, Holes] = field(default_factory=dict)
    _readers: ThreadPoolExecutor = field(init=False)

    def __post_init__(self) -> None:
        self.discovery = Discovery(self.lake, self.warehouse)
        # Reading a folder is the interpreter's work: several threads only take turns, for half as much CPU again.
        self._readers = ThreadPoolExecutor(_READ_AHEAD if self.lake.root is None else 1, "lake")

    @_without_search_for_circles()
    def load(self, most_lines: int) -> Loaded:
        """Load what was found, some `most_lines` at most. Raises `LakeError` where the lake cannot be read now."""
        total, self._in_vain = NOTHING, 0.0
        while total.lines < most_lines:
            try:
                batch = self._read_batch()
            except LakeError:
                if total == NOTHING:
                    raise
                break  # what was loaded is to be transformed first; the next call comes upon the same error
            if not batch:
                break
            total = total.plus(self._load_batch(batch))
        self._tell_of_gone()
        return total

    def close(self) -> None:
        """Stop reading."""
        self._readers.shutdown(wait=False, cancel_futures=True)

    def _load_batch(self, batch: list[Readable]) -> Loaded:
        try:
            refused = (self.put or self.warehouse.load)(batch)
        except BaseException:
            for item in reversed(batch):
                self.discovery.put_back(item.name)
            raise
        for name, reason in refused.items():
            self._skip(name, reason)
        for item in batch:
            self.discovery.follow(item.manifest)
        loaded = [item for item in batch if item.name not in refused]
        has_news = [self._has_news_for_audit(item.manifest) for item in loaded]
        return Loaded(len(loaded), sum(item.manifest.lines for item in loaded), any(has_news))

    def _has_news_for_audit(self, manifest: Manifest) -> bool:
        """Whether an object tells what the audit waits for: the exchange's candles, or holes that came or went.

        A hole that stays is told by every manifest, and is no news.
        """
        before, self._holes[manifest.recorder] = self._holes.get(manifest.recorder, {}), _holes(manifest)
        return bool(manifest.klines) or self._holes[manifest.recorder] != before

    def _read_batch(self) -> list[Readable]:
        """Read found objects until a batch is full, or as many as can be read now. Raises `LakeError` for none."""
        batch: list[Readable] = []
        lines = 0
        try:
            with closing(self._read()) as objects:
                for item in objects:
                    batch.append(item)
                    lines += item.manifest.lines
                    if lines >= BATCH_LINES:
                        break
        except LakeError:
            if not batch:
                raise
        return batch

    def _read(self) -> Generator[Readable]:
        """Read what was found, some objects ahead; what was read ahead and not asked for goes back."""
        ahead: deque[_Ahead] = deque()
        try:
            while self._fill(ahead):
                names, reading = ahead[0]
                for outcome in reading.result():
                    name = names.popleft()
                    if isinstance(outcome, LakeError):
                        self.discovery.put_last(name)  # one object that cannot be read must not hold up the others
                        raise outcome
                    if outcome is None:
                        self._gone.append(name)
                        self.discovery.sweep_around(name)
                    elif isinstance(outcome, str):
                        self._skip(name, outcome)
                    else:
                        self._lines = outcome.manifest.lines
                        yield outcome
                ahead.popleft()
                self._put_back(names)
        finally:
            for names, _ in reversed(ahead):
                self._put_back(names)

    def _put_back(self, names: deque[str]) -> None:
        for name in reversed(names):
            self.discovery.put_back(name)

    def _fill(self, ahead: deque[_Ahead]) -> bool:
        # A store is asked for one by one: a thread waits for its answers.
        others = 0 if self.lake.root is None else max(0, _AT_ONCE // max(1, self._lines) - 1)
        while len(ahead) < _READ_AHEAD and (name := self._next()) is not None:
            names = [name, *islice(iter(self.discovery.take, None), others)]
            ahead.append((deque(names), self._readers.submit(self._read_some, names)))
        return bool(ahead)

    def _next(self) -> str | None:
        """Return the next name to read, from folders not swept yet where no other is left."""
        while (name := self.discovery.take()) is None:
            if not self.discovery.is_sweeping or self._in_vain > _SWEEP_SECONDS:
                return None
            started = time.monotonic()
            self.discovery.sweep_one_folder()
            if not self.discovery.has_found:
                self._in_vain += time.monotonic() - started
        return name

    def _read_some(self, names: Sequence[str]) -> list[Readable | str | LakeError | None]:
        """Read objects in their order, up to one that cannot be read now, or to where there are enough lines."""
        outcomes: list[Readable | str | LakeError | None] = []
        lines = 0
        for name in names:
            try:
                outcome = self._read_one(name)
            except LakeError as error:
                return [*outcomes, error]
            outcomes.append(outcome)
            lines += 0 if outcome is None or isinstance(outcome, str) else outcome.manifest.lines
            if lines >= _AT_ONCE:
                break
        return outcomes

    def _read_one(self, name: str) -> Readable | str | None:
        """Return an object, or why it is none; None where it is gone. Raises `LakeError` for what cannot be known now.

        Lines of a sealed day are written again only where RAW is to have them; else its trades stay in their file, or
        in a copy of it.
        """
        try:
            return self._reading(name)(name)
        except TornObjectError as error:
            return str(error).removeprefix(f"{name}: ")
        except LakeError as error:
            if isinstance(error.__cause__, FileNotFoundError | NotFoundError):
                return None
            raise

    def _tell_of_gone(self) -> None:
        """Name objects that are gone, once all is swept, but for those of days whose raw objects may be let go."""
        if self._gone and not (self.discovery.is_sweeping or self.discovery.has_found):
            gone, self._gone = self._gone, []
            for name in gone:
                if not self.discovery.has_references_beside(name):
                    self._skip(name, "it was listed, or a manifest names it, and it is not in the lake")

    def _reading(self, name: str) -> Callable[[str], Readable]:
        """Return how an object is to be read: all references to a day in one way."""
        if name >= self.warehouse.raw_from:
            return self.lake.read_text
        is_before_raw = f"{name.rsplit('/', 2)[0]}/24" <= self.warehouse.raw_from
        if not is_before_raw:
            return self.lake.read_typed
        if self.copies is not None:
            return self.copies.read
        return self.lake.read_sealed if self.lake.root else self.lake.read_typed

    def _skip(self, name: str, reason: str) -> None:
        log.warning("object skipped", object=name, problem=reason)
        if len(self.skipped) < _REPORTED:
            self.skipped[name] = reason


def _holes(manifest: Manifest) -> Holes:
    """The holes that a manifest tells of, in symbols that have some."""
    covered, declared = manifest.covered, manifest.declared
    between = {
        symbol: [(last + 1, first - 1) for (_, last), (first, _) in pairwise(ranges)]
        for symbol, ranges in covered.items()
        if len(ranges) > 1
    }
    with_some = [*between, *(symbol for symbol in declared if declared[symbol] and symbol not in between)]
    return {symbol: (between.get(symbol, []), declared.get(symbol, [])) for symbol in with_some}
