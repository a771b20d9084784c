"""Pure: what each kind of fault does to a REST request."""

import math
from collections.abc import Callable
from dataclasses import replace
from email.utils import formatdate
from functools import partial
from random import Random
from typing import Any, NamedTuple

from msgspec import Raw

from candlewick.fake_binance.faults.active import Active
from candlewick.fake_binance.faults.seam import UNDISTURBED, Answer, Disturbance

_HTML = "<!DOCTYPE html>\n<html><head><title>{0}</title></head><body><h1>{0}</h1><hr>nginx</body></html>\n"
_TIMED_OUT = '{"code":-1007,"msg":"Timeout waiting for response from backend server. Send status unknown; '
_TIMED_OUT += 'execution status unknown."}'
_TITLES = {
    403: "403 ERROR: The request could not be satisfied",
    500: "500 Internal Server Error",
    502: "502 Bad Gateway",
    503: "503 Service Temporarily Unavailable",
    504: "504 Gateway Time-out",
}
_BLOCKED = (
    '{"code":0,"msg":"Service unavailable from a restricted location according to \'b. Eligibility\' in '
    "https://www.binance.com/en/terms. Please contact customer service if you believe you received this message "
    'in error."}'
)


class Answers:
    """The faults that are at work on REST. `clock` says seconds, `wall` those since the epoch."""

    def __init__(self, clock: Callable[[], float], wall: Callable[[], float]) -> None:
        self._clock = clock
        self._wall = wall
        self._active: list[Active] = []

    def begin(self, active: Active) -> None:
        """Let a fault work."""
        self._active.append(active)

    def request(self, path: str) -> Disturbance:
        """Return what all the faults at work do to a request."""
        disturbance = UNDISTURBED
        if not self._active:
            return disturbance
        now = self._clock()
        self._active = [active for active in self._active if not active.is_over(now)]
        for active in self._active:
            wanted = active.fault.path or active.fault.of.path or ""
            if wanted in path and disturbance.answer is None:
                hit = _Hit(active, active.ends - now, self._wall())
                changes = _CHANGES[active.fault.kind](hit)
                disturbance = replace(disturbance, **changes)
                if "edit" not in changes:  # an edit counts by itself, and only where a page has what it takes away
                    active.hit(path)
        return disturbance

    def weight_limit(self, limit: int) -> int:
        """Return the request weight that a minute allows."""
        now = self._clock()
        of = [each.value for each in self._active if each.fault.kind == "limits" and not each.is_over(now)]
        return int(of[-1]) if of else limit


class _Hit(NamedTuple):
    """A fault meets a request: `left` seconds before its end, at `wall` (seconds since the epoch)."""

    active: Active
    left: float
    wall: float

    @property
    def status(self) -> int:
        return self.active.fault.status or 500

    @property
    def retry_after(self) -> str:
        return str(max(1, math.ceil(self.left)))

    @property
    def retry_date(self) -> str:
        return formatdate(math.ceil(self.wall + self.left), usegmt=True)

    @property
    def banned_until(self) -> int:
        return round((self.wall + self.left) * 1e3)


_Changes = dict[str, Any]
"""Fields of a `Disturbance`."""

_LIMIT = "Too much request weight used; current limit is 6000 request weight per 1 MINUTE. "
_BANNED = "Way too much request weight used; IP banned until {}. "

_CHANGES: dict[str, Callable[[_Hit], _Changes]] = {
    "rate_limit": lambda hit: {"answer": _too_much(429, _LIMIT, hit.retry_after)},
    "rate_limit_date": lambda hit: {"answer": _too_much(429, _LIMIT, hit.retry_date)},
    "ban": lambda hit: {"answer": _too_much(418, _BANNED.format(hit.banned_until), hit.retry_after)},
    "waf": lambda _: {"answer": _page(403)},
    "blocked": lambda _: {"answer": _json(451, _BLOCKED)},
    "server_error": lambda hit: {"answer": _page(hit.status)},
    "timeout_before": lambda hit: {"answer": _json(hit.status, _TIMED_OUT), "is_counted": False},
    "timeout_after": lambda hit: {"answer": _json(hit.status, _TIMED_OUT), "does_work": True},
    "no_answer": lambda hit: {"hang_seconds": hit.active.value, "ending": "reset", "is_counted": False},
    "late_answer": lambda hit: {"hang_seconds": hit.active.value},
    "reset": lambda _: {"ending": "reset", "is_counted": False},
    "truncated": lambda _: {"ending": "truncated"},
    "rest_lag": lambda hit: {"behind_us": round(hit.active.value * 1e6)},
    "empty_page": lambda hit: {"edit": partial(_edited, hit.active, _nothing_of)},
    "late_start": lambda hit: {"late_by": round(hit.active.value)},
    "page_gap": lambda hit: {"edit": partial(_edited, hit.active, partial(_without_one, hit.active.rng))},
    "limits": lambda _: {},
    "html_page": lambda _: {"answer": _page(200)},
    "wrong_content_type": lambda _: {"content_type": "text/plain"},
    "no_weight": lambda _: {"hides_weight": True},
}


def _too_much(status: int, text: str, retry_after: str) -> Answer:
    advice = "Please use WebSocket Streams for live updates to avoid bans."
    return _json(status, f'{{"code":-1003,"msg":"{text}{advice}"}}', ("Retry-After", retry_after))


def _json(status: int, body: str, *headers: tuple[str, str]) -> Answer:
    return Answer(status, body, (("Content-Type", "application/json"), *headers))


def _page(status: int) -> Answer:
    return Answer(status, _HTML.format(_TITLES.get(status, "Welcome")), (("Content-Type", "text/html"),))


def _edited(active: Active, change: Callable[[list[Raw]], list[Raw]], page: list[Raw]) -> list[Raw]:
    changed = change(page)
    if len(changed) == len(page) or active.is_spent:
        return page
    active.hit(f"{len(changed)} rows of {len(page)}")
    return changed


def _nothing_of(page: list[Raw]) -> list[Raw]:
    return []


def _without_one(rng: Random, page: list[Raw]) -> list[Raw]:
    """Leave out a row that is neither the first nor the last."""
    if len(page) < 3:
        return page
    place = rng.randrange(1, len(page) - 1)
    return page[:place] + page[place + 1 :]
