"""The streaming way in: the lake's objects, line by line, into RAW by Snowpipe Streaming; each line exactly once.

The objects stay the durable archive, and their chain is the order. A recorder has a channel, and an offset token is
an object's name and a row in it: whatever instant this is killed at, Snowflake tells the next start how far it came.
"""

import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

from candlewick.lake import manifest as manifests
from candlewick.lake import names
from candlewick.lake.objects import Lake, LakeObject
from candlewick.moments import now_us, to_micros
from candlewick.warehouse.arrival import Arrival
from candlewick.warehouse.snowflake.chain import Chain, Track
from candlewick.warehouse.snowflake.channels import (
    Channel,
    ChannelLostError,
    Channels,
    Refusals,
    Row,
    SaturatedError,
    State,
    Token,
)

PART_BYTES = 2_000_000
"""A request of Snowpipe Streaming takes 4 MB compressed at most, and 16 MB of text."""
STATE_SECONDS = 2.0
LATE = timedelta(days=1)
"""How much later than its name says an object may come: it is named before it is put, and a lake may be slow."""
CATCHING_UP = "CATCHING UP"
_SATURATED_SECONDS = 0.2


class _Pending(NamedTuple):
    """An object that is appended and not committed: its last token, the folder it was found from, and since when."""

    token: str
    folder: str
    since: int


@dataclass
class _Feed:
    """A recorder's channel, how far its chain is appended, and what of that is not committed."""

    channel: Channel
    track: Track
    state: State
    refusals: Refusals
    pending: deque[_Pending] = field(default_factory=deque)

    def ask(self, now: int) -> bool:
        """Ask the channel how far it is; whether it came further."""
        before, self.state = self.state, self.channel.state()
        self.refusals.note(self.state.refused, now)
        if self.state.committed in [each.token for each in self.pending]:
            while self.pending.popleft().token != self.state.committed:
                continue
        return self.state.committed != before.committed


@dataclass
class Streamer:
    """Appends what is new. `objects` and `lines` count what was appended; `since` is the folder to begin with.

    `refusals`, by channel, are those that an earlier one of this process has seen.
    After a `WarehouseError` it is of no more use: another one, with other channels, goes on behind what is committed.
    """

    lake: Lake
    channels: Channels
    since: str | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    objects: int = 0
    lines: int = 0
    refusals: dict[str, Refusals] = field(default_factory=dict)
    _feeds: dict[str, _Feed] = field(default_factory=dict)
    _asked_at: float = 0.0
    _committed_at: int | None = None

    def __post_init__(self) -> None:
        self._chain = Chain(self.lake)
        self._chain.start(self.since)

    @property
    def skipped(self) -> dict[str, str]:
        """What in the lake is no object of ours, by name, with the reason."""
        return self._chain.skipped

    @property
    def is_catching_up(self) -> bool:
        """Whether folders are left that are not of this hour."""
        return self._chain.is_catching_up

    def step(self) -> bool:
        """Append what is new; whether anything was. Raises `LakeError`, after which the next step goes on."""
        before, now = self.objects, datetime.now(UTC)
        try:
            folder, found = self._chain.look(now)
            for name in found:
                self._append_up_to(name)
        except BaseException:
            self._chain.start(self.since)  # what was found is found again; what is appended is passed over
            raise
        self._ask_for_states()
        waiting = [feed.pending[0].folder for feed in self._feeds.values() if feed.pending]
        self.since = min([folder, names.folder(self.lake.prefix, to_micros(now - LATE)), *waiting])
        return self.objects > before

    def arrival(self) -> Arrival:
        """Tell how objects arrive."""
        pending = [each for feed in self._feeds.values() for each in feed.pending]
        refusing = [feed for feed in self._feeds.values() if feed.refusals.count]
        count = sum(feed.refusals.count for feed in refusing)
        problem = f"Snowflake refused {count} rows within a day ({refusing[0].state.reason})" if refusing else None
        return Arrival(
            way="streaming",
            state=CATCHING_UP if self.is_catching_up else "RUNNING",
            waiting=len(pending),
            oldest_at=min((each.since for each in pending), default=None),
            loaded_at=self._committed_at,
            problem=f"{problem}; the refused rows are named apart, GOLD.TAPE_GAPS has the holes" if problem else None,
        )

    def _append_up_to(self, name: str) -> None:
        parsed = names.parse(name)
        assert parsed is not None, "the chain lists objects of ours"
        folder = name.rpartition("/")[0]
        feed = self._feeds.get(parsed.recorder) or self._open(parsed.recorder, folder)
        if name <= feed.track.stream:
            return
        for item in self._chain.between(feed.track, name):
            self._append(feed, item, folder)
            feed.track = Track(item.name, item.name if names.is_stream(item.name) else feed.track.stream)

    def _open(self, recorder: str, folder: str) -> _Feed:
        """Open a recorder's channel, and append the rest of an object that was cut."""
        name = f"{self.lake.prefix.replace('/', '-')}-{recorder}"
        channel, state = self.channels.open(name)
        token = Token.parse(state.committed) if state.committed is not None else None
        refusals = self.refusals.setdefault(name, Refusals(state.refused))
        refusals.note(state.refused, now_us())
        feed = _Feed(channel, self._chain.track(token.name if token else None), state, refusals)
        if token is not None and not token.is_whole:
            self._append(feed, self.lake.read_object(token.name), folder, behind=token.row)
        self._feeds[recorder] = feed
        return feed

    def _append(self, feed: _Feed, item: LakeObject, folder: str, *, behind: int = 0) -> None:
        total = len(item.lines) + 1
        for rows in parts(item, self._key(item.name), behind):
            first, last = (str(Token(item.name, rows[end]["ROW_NUMBER"], total)) for end in (0, -1))
            self._append_patiently(feed.channel, rows, first, last)
        feed.pending.append(_Pending(str(Token(item.name, total, total)), folder, now_us()))
        self.objects += 1
        self.lines += total - behind

    def _append_patiently(self, channel: Channel, rows: list[Row], first: str, last: str) -> None:
        """Append, as soon as the channel takes it: it is bounded, and so is this process."""
        while True:
            try:
                return channel.append(rows, first, last)
            except SaturatedError:
                if self.stop.wait(_SATURATED_SECONDS):
                    raise ChannelLostError("stopped; the next start goes on behind what is committed") from None

    def _key(self, name: str) -> str:
        """An object's name as Snowpipe would tell it: by its bucket's root."""
        path = urlsplit(self.lake.url).path.strip("/") if self.lake.url.startswith("s3") else ""
        return f"{path}/{name}" if path else name

    def _ask_for_states(self) -> None:
        now = time.monotonic()
        if now - self._asked_at >= STATE_SECONDS:
            self._asked_at = now
            moment = now_us()
            came_further = [feed.ask(moment) for feed in self._feeds.values()]
            if any(came_further):
                self._committed_at = moment


def parts(item: LakeObject, key: str, behind: int) -> Iterator[list[Row]]:
    """Cut an object's rows, those behind a row of it, into parts that fit into a request. The manifest is the last.

    A line goes in as it is: it is never decoded here.
    """
    loaded_at = datetime.now(UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
    part: list[Row] = []
    size = 0
    for number, line in enumerate([*item.lines, manifests.encode(item.manifest)], start=1):
        if number <= behind:
            continue
        if part and size + len(line) > PART_BYTES:
            yield part
            part, size = [], 0
        part.append({"PAYLOAD": msgspec.Raw(line), "OBJECT_NAME": key, "ROW_NUMBER": number, "LOADED_AT": loaded_at})
        size += len(line) + len(key) + 120
    yield part
