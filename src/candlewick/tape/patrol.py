"""The patrol: a little of the lake is looked at all the time, for no claim of a manifest is trusted for ever.

Hour after hour, the newest first, its names are compared with what the inventory has. Ids that are claimed and that no
object holds any more are reopened: they are missing like any others, and asked for by id. So an object that was deleted
by hand, or lost with a disk, comes back by itself. The cost is bounded by the minute, whatever lies in the lake.

`candlewick audit --lake` looks at everything at once, and leaves a note of what it finds for whoever claims it.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import msgspec
import structlog

from candlewick.errors import UNREADABLE, LakeError
from candlewick.lake.inventory import Inventory
from candlewick.process.files import replace_atomically
from candlewick.spans import Range, Spans
from candlewick.tape.coverage import Coverage
from candlewick.tape.writer import Writer

STEP_SECONDS = 2.0
OBJECTS_PER_STEP = 40
"""Objects that are read in a step, where an hour is not known yet: 1,200 a minute."""
FOLDER_SECONDS = 60.0
"""An hour's folder is listed this often, once all hours are known."""

log = structlog.get_logger()


class Patrol:
    """Walks the hours of one recorder's lake, until cancelled."""

    def __init__(
        self,
        inventory: Inventory,
        coverages: Mapping[str, Coverage],
        writer: Writer,
        note: Path,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.found = 0
        """How many ids were claimed and not there."""
        self.bytes_a_day = 0
        self._inventory = inventory
        self._coverages = coverages
        self._writer = writer
        self._note = note
        self._clock = clock
        self._folders: deque[str] = deque()
        self._next_at = 0.0
        self._is_first_round = True

    async def run(self) -> None:
        """Look at a little every few seconds."""
        await self._begin()
        while True:
            await asyncio.sleep(STEP_SECONDS)
            try:
                await self._step()
            except (LakeError, OSError) as error:  # the writer says so, too; a lake that is away has lost nothing
                log.info("lake not looked at", problem=str(error))

    async def _begin(self) -> None:
        """Learn which hours there are before the first object is written, so that a new hour is known to be new."""
        with suppress(LakeError):
            self._folders.extend(await asyncio.to_thread(self._inventory.folders))

    async def _step(self) -> None:
        self._take_note()
        if self._next_at <= self._clock():
            await self._look()
        claims = {symbol: coverage.covered.copy() for symbol, coverage in self._coverages.items()}
        if missing := await asyncio.to_thread(self._inventory.missing, claims):
            self._reopen(missing)
        await asyncio.to_thread(self._inventory.save)
        self.bytes_a_day = self._inventory.a_day()

    async def _look(self) -> None:
        if not self._folders:
            self._folders.extend(await asyncio.to_thread(self._inventory.folders))
        if not self._folders:
            return
        is_done = await asyncio.to_thread(self._inventory.look, self._folders[0], OBJECTS_PER_STEP)
        if is_done:
            self._folders.popleft()
            if not self._is_first_round or not self._folders:
                self._next_at = self._clock() + FOLDER_SECONDS
            self._is_first_round = self._is_first_round and bool(self._folders)

    def _take_note(self) -> None:
        """Take up what an audit found."""
        if missing := read_note(self._note):
            self._reopen({symbol: ids for symbol, ids in missing.items() if symbol in self._coverages})
            self._note.unlink(missing_ok=True)

    def _reopen(self, missing: Mapping[str, Spans]) -> None:
        for symbol, ids in missing.items():
            self.found += ids.count
            log.error("objects are gone, asking for their trades again", symbol=symbol, trades=ids.count, ids=repr(ids))
        self._writer.reopen(missing)


def note_path(state_path: Path) -> Path:
    """Return where an audit leaves what it finds for the owner of a checkpoint."""
    return state_path.with_name(state_path.name.replace(".state.json", ".missing.json"))


def inventory_path(state_path: Path) -> Path:
    """Return the folder of a recorder's inventory, beside its checkpoint."""
    return state_path.with_name(state_path.name.replace(".state.json", ".inventory"))


def leave_note(path: Path, missing: Mapping[str, Spans]) -> None:
    """Leave word of ids that are claimed and not there."""
    replace_atomically(path, msgspec.json.encode({symbol: ids.ranges() for symbol, ids in missing.items()}))


def read_note(path: Path) -> dict[str, Spans]:
    """Return the ids of a note; none where there is none."""
    with suppress(OSError, *UNREADABLE):
        found = msgspec.json.decode(path.read_bytes(), type=dict[str, list[Range]])
        return {symbol: Spans(ranges) for symbol, ranges in found.items()}
    return {}
