"""One client's side of Binance's WebSocket protocol, without a socket: subscriptions, properties, requests, limits.

Binance, 'WebSocket Streams for Binance', 'Live Subscribing/Unsubscribing to streams' and 'General WSS information'.
"""

from collections import deque
from typing import Any

import msgspec

from candlewick.fake_binance.server.streams import Stream, parse
from candlewick.fake_binance.server.wire import Unit

MAX_STREAMS = 1_024
MAX_MESSAGES_PER_SECOND = 5
_MAX_ID = 2**63 - 1


class RefusedError(Exception):
    """A request that gets an error for an answer."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


class Session:
    """The state of one connection. `subscriptions` maps names to streams (None: a name that no stream has)."""

    def __init__(self, names: list[str], *, combined: bool, unit: Unit) -> None:
        self.subscriptions: dict[str, Stream | None] = {}
        self.combined = combined
        self.unit = unit
        self._received: deque[float] = deque(maxlen=MAX_MESSAGES_PER_SECOND + 1)
        self._subscribe(names)

    @property
    def streams(self) -> list[Stream]:
        """The streams to send."""
        return [stream for stream in self.subscriptions.values() if stream]

    def is_flooding(self, now: float) -> bool:
        """Count a message from the client at `now` (s) and say whether these are too many."""
        self._received.append(now)
        return len(self._received) > MAX_MESSAGES_PER_SECOND and now - self._received[0] < 1.0

    def frame(self, stream: str, payload: str) -> str:
        """Return the frame of an event."""
        return f'{{"stream":"{stream}","data":{payload}}}' if self.combined else payload

    def shutdown(self, at: int) -> str:
        """Return the frame that announces the server's end, of event time `at` (µs)."""
        return self.frame("!serverShutdown", f'{{"e":"serverShutdown","E":{at // self.unit}}}')

    def answer(self, text: str | bytes) -> str:
        """Carry out a request and return the answer's text."""
        request_id: int | str | None = None
        try:
            request = _decode(text)
            request_id = _request_id(request.get("id"))
            answer = {"result": self._call(request), "id": request_id}
        except RefusedError as refused:
            answer = {"code": refused.code, "msg": str(refused), "id": request_id}
        return msgspec.json.encode(answer).decode()

    def _call(self, request: dict[str, Any]) -> object:
        if "method" not in request:
            raise RefusedError(2, "Invalid request: missing field `method` at line 1 column 1")
        params = request.get("params", [])
        match request["method"]:
            case "SUBSCRIBE":
                self._subscribe(_names(params))
                return None
            case "UNSUBSCRIBE":
                self._unsubscribe(_names(params))
                return None
            case "LIST_SUBSCRIPTIONS":
                return list(self.subscriptions)
            case "SET_PROPERTY":
                self._set_property(params)
                return None
            case "GET_PROPERTY":
                _property(params, 1)
                return self.combined
        raise RefusedError(2, f"Invalid request: unknown variant `{request['method']}`, expected one of {_METHODS}")

    def _subscribe(self, names: list[str]) -> None:
        if len(self.subscriptions.keys() | set(names)) > MAX_STREAMS:
            raise RefusedError(2, "Invalid request: too many parameters")
        for name in names:
            self.subscriptions.setdefault(name, parse(name))

    def _unsubscribe(self, names: list[str]) -> None:
        for name in names:
            self.subscriptions.pop(name, None)

    def _set_property(self, params: object) -> None:
        _, value = _property(params, 2)
        if not isinstance(value, bool):
            raise RefusedError(1, "Invalid value type: expected Boolean")
        self.combined = value


_METHODS = "`SUBSCRIBE`, `UNSUBSCRIBE`, `LIST_SUBSCRIPTIONS`, `SET_PROPERTY`, `GET_PROPERTY`"


def _decode(text: str | bytes) -> dict[str, Any]:
    try:
        request = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RefusedError(3, f"Invalid JSON: {error}") from None
    if not isinstance(request, dict):
        raise RefusedError(2, "Invalid request: expected an object")
    return request


def _request_id(value: object) -> int | str | None:
    """Return the request's id: a 64-bit integer, an alphanumeric string of at most 36 characters, or null."""
    is_number = isinstance(value, int) and not isinstance(value, bool) and -_MAX_ID - 1 <= value <= _MAX_ID
    is_name = isinstance(value, str) and len(value) <= 36 and value.replace("-", "").isalnum()
    if value is None or is_number or is_name:
        return value  # type: ignore[return-value]
    raise RefusedError(2, "Invalid request: request ID must be an integer or an alphanumeric string")


def _names(params: object) -> list[str]:
    if not isinstance(params, list) or not all(isinstance(name, str) for name in params):
        raise RefusedError(2, "Invalid request: params must be a list of stream names")
    return params


def _property(params: object, count: int) -> list[Any]:
    """Return the parameters of a property's method: its name, and a value where `count` is 2."""
    if not isinstance(params, list) or not params or not isinstance(params[0], str):
        raise RefusedError(2, "Invalid request: property name must be a string")
    if len(params) > count:
        raise RefusedError(2, "Invalid request: too many parameters")
    if params[0] != "combined":
        raise RefusedError(0, "Unknown property")
    return params if len(params) == count else [params[0], None]
