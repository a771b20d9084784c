"""Pure: every kind of fault, what its numbers mean, and from which range a random one draws them."""

from dataclasses import dataclass
from random import Random
from typing import Literal

Room = Literal["handshake", "stream", "market", "rest", "archive"]
"""Where a fault comes in: at a WebSocket's opening, on open ones, in what is true, at REST, in the archive."""


@dataclass(frozen=True, slots=True)
class Amount:
    """A number of a kind: its usual value, and the range of a random one; a whole number where `usual` is one."""

    usual: float
    low: float
    high: float

    def draw(self, rng: Random) -> float:
        """Return a random value."""
        if isinstance(self.usual, int):
            return rng.randint(round(self.low), round(self.high))
        return round(rng.uniform(self.low, self.high), 3)


@dataclass(frozen=True, slots=True)
class Choice:
    """A number of a kind that is one of a few; the first is the usual one."""

    options: tuple[int, ...]

    @property
    def usual(self) -> int:
        """The value where nothing is said."""
        return self.options[0]

    def draw(self, rng: Random) -> int:
        """Return a random value."""
        return rng.choice(self.options)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault. Of `seconds`, `count`, `value` and `status`, those that are None mean nothing to it."""

    name: str
    room: Room
    about: str
    seconds: Amount | None = None
    count: Amount | None = None
    value: Amount | None = None
    status: Choice | None = None
    path: str | None = None
    """What a REST fault hits where its own `path` does not say."""

    @property
    def takes(self) -> list[str]:
        """The names of what may be said about it."""
        numbers = [name for name in ("seconds", "count", "value", "status") if getattr(self, name) is not None]
        return ["at", *numbers, *_NARROWED.get(self.room, [])]


_NARROWED = {"stream": ["leg", "symbol"], "market": ["symbol"], "rest": ["path"], "archive": ["path"]}

_BRIEF, _LONG = Amount(3.0, 1.0, 6.0), Amount(6.0, 2.0, 15.0)
_ONCE, _FEW = Amount(1, 1, 3), Amount(3, 1, 10)
_PAGE = "historicalTrades"

_ALL = (
    Kind("refuse", "handshake", "a WebSocket is refused with `status`", _BRIEF, status=Choice((503, 403, 429, 500))),
    Kind("refuse_reset", "handshake", "a WebSocket's handshake ends in a TCP reset", _BRIEF),
    Kind("refuse_half", "handshake", "a WebSocket's handshake breaks off in the middle of the answer", _BRIEF),
    Kind("refuse_hang", "handshake", "a WebSocket's handshake is not answered", _BRIEF),
    Kind("down", "handshake", "nobody listens: connections are refused, to REST and archive, too", _BRIEF),
    Kind("close", "stream", "a close frame with the code `status`", status=Choice((1001, 1000, 1008, 1012))),
    Kind("drop", "stream", "a TCP reset: 1006"),
    Kind("half_frame", "stream", "half a frame, then the end without a close frame: 1006"),
    Kind("shutdown", "stream", "`serverShutdown`, then the end `value` seconds later", value=Amount(2.0, 0.0, 8.0)),
    Kind("life", "stream", "connections, new ones too, are closed at the age of `value` seconds", Amount(60.0, 20, 60),
         value=Amount(10.0, 5.0, 20.0)),
    Kind("silence", "stream", "no frames, but TCP and pings; what was due is never sent", _LONG),
    Kind("mute", "stream", "no frames and no pings; what was due is never sent", _LONG),
    Kind("deaf", "stream", "connections opened meanwhile are acknowledged and never sent anything", _LONG),
    Kind("no_pings", "stream", "frames, but no pings", _LONG),
    Kind("trickle", "stream", "at most `value` frames/s; the rest comes when it is over", _BRIEF,
         value=Amount(10.0, 2.0, 30.0)),
    Kind("lag", "stream", "frames come `value` seconds late", _BRIEF, value=Amount(2.0, 0.5, 8.0)),
    Kind("reorder", "stream", "frames overtake each other within `value` seconds", _BRIEF,
         value=Amount(0.2, 0.02, 0.8)),
    Kind("duplicate", "stream", "frames come twice", count=Amount(50, 5, 200)),
    Kind("conflict", "stream", "a trade comes a second time with another price", count=_ONCE),
    Kind("conflict_first", "stream", "a trade comes with another price, and then with its own", count=_ONCE),
    Kind("cut_json", "stream", "a frame whose JSON breaks off, instead of a true one", count=_FEW),
    Kind("wrong_types", "stream", "a frame whose fields have other types, instead of a true one", count=_FEW),
    Kind("unknown_event", "stream", "an event that nobody documented, before a true one", count=_FEW),
    Kind("skip", "stream", "`count` ids of each symbol are left out, the same on every leg that is hit",
         Amount(30.0, 10.0, 30.0), count=Amount(10, 1, 300)),
    Kind("hole", "market", "`count` ids that no trade ever has, `value` ids before the next one to come",
         count=Amount(3, 1, 50), value=Amount(0, 0, 0)),
    Kind("skew", "market", "the exchange's clock is `value` seconds ahead", _LONG, value=Amount(2.0, -5.0, 5.0)),
    Kind("rate_limit", "rest", "429 for `seconds`, with `Retry-After` in seconds", Amount(2.0, 1.0, 5.0)),
    Kind("rate_limit_date", "rest", "429 for `seconds`, with `Retry-After` as an HTTP date", Amount(2.0, 1.0, 5.0)),
    Kind("ban", "rest", "418 for `seconds`: banned until then", Amount(3.0, 2.0, 8.0)),
    Kind("waf", "rest", "403 and a page in HTML", count=_ONCE),
    Kind("blocked", "rest", "451: not served in this place", count=_ONCE),
    Kind("server_error", "rest", "`status`, and no JSON", count=_FEW, status=Choice((500, 502, 503, 504))),
    Kind("timeout_before", "rest", "-1007 with `status`; nothing was done", count=_ONCE,
         status=Choice((504, 408))),
    Kind("timeout_after", "rest", "-1007 with `status`, after the work was done", count=_ONCE,
         status=Choice((504, 408))),
    Kind("no_answer", "rest", "no answer for `value` seconds, then a reset", count=_ONCE,
         value=Amount(15.0, 5.0, 15.0)),
    Kind("late_answer", "rest", "the answer comes `value` seconds late", count=_ONCE, value=Amount(3.0, 0.5, 8.0)),
    Kind("reset", "rest", "a TCP reset instead of an answer", count=_ONCE),
    Kind("truncated", "rest", "the answer breaks off in the middle", count=_ONCE),
    Kind("rest_lag", "rest", "REST is `value` seconds behind the streams: its newest pages are short or empty", _LONG,
         value=Amount(3.0, 0.5, 6.0)),
    Kind("empty_page", "rest", "an empty page of trades", count=_FEW, path=_PAGE),
    Kind("late_start", "rest", "a page starts `value` ids later than asked for", count=_ONCE,
         value=Amount(5, 1, 500), path=_PAGE),
    Kind("page_gap", "rest", "a page without a trade from its middle", count=_ONCE, path=_PAGE),
    Kind("limits", "rest", "`rateLimits` of `value` weight a minute, and kept to", Amount(10.0, 5.0, 30.0),
         value=Amount(1_200, 400, 6_000)),
    Kind("html_page", "rest", "200, and a page in HTML", count=_ONCE),
    Kind("wrong_content_type", "rest", "the true answer, called text/plain", count=_FEW),
    Kind("no_weight", "rest", "answers do not say the weight used", count=_FEW),
    Kind("missing_day", "archive", "a day's files are not there", _LONG),
    Kind("wrong_checksum", "archive", "a checksum of something else", count=_ONCE),
    Kind("replaced_file", "archive", "another edition of the file, with its checksum", Amount(60.0, 10, 60)),
    Kind("truncated_zip", "archive", "half of a zip", count=_ONCE),
    Kind("incomplete_day", "archive", "a file without trades from its middle, with its checksum", _LONG),
)  # fmt: skip

KINDS = {kind.name: kind for kind in _ALL}
"""Every kind by its name."""


def kinds_named(names: list[str]) -> list[str]:
    """Return kinds by their names or by those of their rooms. Raises `KeyError` with a name that is neither."""
    found: dict[str, None] = {}
    for name in names:
        of_room = [kind.name for kind in _ALL if kind.room == name]
        found |= dict.fromkeys(of_room or [KINDS[name].name])
    return list(found)
