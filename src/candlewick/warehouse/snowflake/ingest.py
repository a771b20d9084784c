"""Keeps the streaming way in going: a thread of the warehouse's process that logs in again whenever it has to."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import structlog

from candlewick.config import Settings
from candlewick.errors import CandlewickError, LakeError, WarehouseError
from candlewick.lake.objects import Lake
from candlewick.process.backoff import doubled
from candlewick.process.files import replace_atomically
from candlewick.warehouse.arrival import Arrival
from candlewick.warehouse.snowflake.channels import Channels, Refusals
from candlewick.warehouse.snowflake.streamer import CATCHING_UP, Streamer

_POLL_SECONDS = 1.0
_IDLE_SECONDS = 8.0
"""Between two looks at a lake in which nothing comes: a LIST a second costs $13 a month and hour's folder."""
_LONGEST_PAUSE_SECONDS = 60.0

Connect = Callable[[], Channels]

log = structlog.get_logger()


class Ingest:
    """Streams until it is stopped. `arrival` tells how objects arrive, and what is wrong where they do not."""

    def __init__(self, settings: Settings, connect: Connect) -> None:
        self.arrival = Arrival("streaming", "STARTING")
        self.skipped: dict[str, str] = {}
        self._settings, self._connect = settings, connect
        self._stop = threading.Event()
        self._failures = 0
        self._refusals: dict[str, Refusals] = {}
        self._state = settings.data / "state" / "streaming.json"

    @contextmanager
    def running(self) -> Iterator["Ingest"]:
        """Stream in a thread of its own while the block runs."""
        thread = threading.Thread(target=self._run, name="streaming", daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._stream()
                continue
            except CandlewickError as error:
                self._tell(error)
            except Exception as error:  # this thread is the only way in: whatever it was, the next client may do
                log.exception("streaming failed in an unexpected way")
                self._tell(WarehouseError(f"streaming failed in an unexpected way: {error!r}; please report it"))
            self._failures += 1
            self._stop.wait(doubled(_POLL_SECONDS, self._failures, _LONGEST_PAUSE_SECONDS))

    def _stream(self) -> None:
        """Stream by one client, until it is of no more use or a stop. Raises what ended it."""
        settings = self._settings
        lake = Lake.open(settings.lake_url, settings.prefix, settings.s3)
        channels = self._connect()
        try:
            streamer = Streamer(lake, channels, _read(self._state), self._stop, refusals=self._refusals)
            idle = 0
            while not self._stop.is_set():
                idle = 0 if self._step(streamer) else idle + 1
                self._failures = 0
                is_behind = self.arrival.state == CATCHING_UP
                self._stop.wait(0.0 if is_behind else doubled(_POLL_SECONDS, max(0, idle - 1), _IDLE_SECONDS))
        finally:
            channels.close()

    def _step(self, streamer: Streamer) -> bool:
        """Append what is new, if the lake answers; whether anything was."""
        since = streamer.since
        try:
            is_new = streamer.step()
        except LakeError as error:  # the channels are as they were: the next step goes on
            self._tell(error)
            return False
        self.arrival, self.skipped = streamer.arrival(), streamer.skipped
        if streamer.since not in (since, None):
            replace_atomically(self._state, msgspec.json.encode({"since": streamer.since}), durable=False)
        return is_new

    def _tell(self, error: CandlewickError) -> None:
        if str(error) != self.arrival.problem:
            log.error("streaming stands still; it is tried again", problem=str(error))
        self.arrival = msgspec.structs.replace(self.arrival, state="WAITING", problem=str(error))


def _read(path: Path) -> str | None:
    """The folder to begin with; None, which is the oldest, where that is not known: it only saves listings."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, str]).get("since")
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
