"""Pure: how objects of the lake are named, so that a name alone says when, from where and by whom.

    {prefix}/raw/2026-01-24/13/stream_2026-01-24_13-22-00.123456_{recorder}.json.zst
    {prefix}/raw/2026-01-24/13/backfill_2026-01-24_13-00_to_2026-01-24_13-30_{recorder}-{digest}.json.zst

All times are UTC. A stream object is named by the moment it was cut, a backfill object by its first and last trade.
An hour's folder bounds every listing to some thousands of names; names sort by time within their kind.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

from candlewick.errors import ConfigError
from candlewick.moments import at, to_micros
from candlewick.spans import Range

SUFFIX = ".json.zst"
CLOCK_SKEW = timedelta(minutes=5)
"""How far our clock and a recorder's may be apart where objects are looked for."""

_HOUR = timedelta(hours=1)
_RECORDER = r"(?P<recorder>[a-z0-9][a-z0-9-]*)"
_TO_A_MINUTE = r"(\d{4})-(\d{2})-(\d{2})_(\d{2})-(\d{2})"
_STREAM = re.compile(rf"stream_{_TO_A_MINUTE}-(\d{{2}})\.(\d{{6}})_{_RECORDER}\.json\.zst", re.ASCII)
_BACKFILL = re.compile(rf"backfill_{_TO_A_MINUTE}_to_{_TO_A_MINUTE}_{_RECORDER}-[0-9a-f]{{12}}\.json\.zst", re.ASCII)


class ObjectName(NamedTuple):
    """What a name says: the kind, the recorder, and the time it sorts by; `until` is a backfill's last minute."""

    kind: Literal["stream", "backfill"]
    recorder: str
    at: datetime
    until: datetime | None = None


def folder(prefix: str, time_us: int) -> str:
    """Return the hour's folder of a moment."""
    return f"{prefix}/raw/{at(time_us):%Y-%m-%d/%H}"


def stream(prefix: str, recorder: str, cut_at_us: int) -> str:
    """Name the object of live trades that was cut at a moment."""
    moment = at(cut_at_us)
    return f"{folder(prefix, cut_at_us)}/stream_{moment:%Y-%m-%d_%H-%M-%S.%f}_{recorder}{SUFFIX}"


def backfill(prefix: str, recorder: str, first_us: int, last_us: int, ids: Mapping[str, Sequence[Range]]) -> str:
    """Name an object of backfilled trades: the same ids of the same recorder give the same name."""
    text = ";".join(f"{symbol}:{first}-{last}" for symbol in sorted(ids) for first, last in ids[symbol])
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    period = f"{at(first_us):%Y-%m-%d_%H-%M}_to_{at(last_us):%Y-%m-%d_%H-%M}"
    return f"{folder(prefix, first_us)}/backfill_{period}_{recorder}-{digest}{SUFFIX}"


def parse(name: str) -> ObjectName | None:
    """Read a name (with or without its folders); None where it is not one of ours."""
    base = name.rpartition("/")[2]
    try:
        if match := _STREAM.fullmatch(base):
            *moment, recorder = match.groups()
            return ObjectName("stream", recorder, _moment(moment))
        if match := _BACKFILL.fullmatch(base):
            *moments, recorder = match.groups()
            return ObjectName("backfill", recorder, _moment(moments[:5]), _moment(moments[5:]))
    except ValueError:  # it has the shape of a date, but there is no 2026-02-31
        return None
    return None


def _moment(parts: Sequence[str]) -> datetime:
    """The moment of a year, a month and so on; `strptime` would take longer than all else that is done with a name."""
    year, month, day, hour, minute, second, microsecond = map(int, (*parts, "0", "0")[:7])
    return datetime(year, month, day, hour, minute, second, microsecond, UTC)


def check_prefix(prefix: str, *, is_demo: bool) -> None:
    """Keep the demo's trades apart from real ones. Raises `ConfigError`."""
    top = prefix.partition("/")[0]
    if is_demo and top == "binance":
        raise ConfigError("prefix: this exchange is a local demo; 'binance' is for real trades: set prefix = 'demo'")
    if not is_demo and top.startswith("demo"):
        raise ConfigError(f"prefix: this exchange is real; {prefix!r} is for a demo's trades: set prefix = 'binance'")


def is_stream(name: str) -> bool:
    """Whether a name is that of an object of live trades."""
    parsed = parse(name)
    return parsed is not None and parsed.kind == "stream"


def hot_folders(prefix: str, now: datetime, newest: datetime | None) -> list[str]:
    """Return the hours' folders that recorders may be writing to, ascending: by our clock, and by their newest object.

    Our clock may be a little off, and a recorder goes by the exchange's, which in a replay is another one altogether.
    """
    moments = [now - CLOCK_SKEW, now, now + CLOCK_SKEW]
    if newest is not None and not moments[0] < newest < moments[2]:
        moments += [newest, newest + _HOUR]
    return sorted({folder(prefix, to_micros(moment)) for moment in moments})
