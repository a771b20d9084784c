"""The requests a client may send on a stream's connection, and their documented answers and errors."""

import json
from collections.abc import Iterable

MOST_STREAMS = 1024
_METHODS = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY")


class Subscription:
    """The streams of one connection, and whether their events come in the combined envelope."""

    def __init__(self, streams: Iterable[str] = (), *, combined: bool = True):
        self.streams = list(dict.fromkeys(streams))
        self.combined = combined

    def answer(self, text: bytes) -> bytes:
        """Obey one request in JSON."""
        try:
            request = json.loads(text)
        except ValueError:
            said: dict[str, object] = {"code": 3, "msg": "Invalid JSON: expected value at line 1 column 1"}
        else:
            said = _fault(request) or self._obeyed(request["method"], request.get("params", []), request["id"])
        return json.dumps(said, ensure_ascii=False).encode()

    def _obeyed(self, method: str, parameters: list[object], identifier: object) -> dict[str, object]:
        if method.endswith("_PROPERTY"):
            return self._property(method, parameters, identifier)
        names = [str(name) for name in parameters]
        if method == "SUBSCRIBE":
            self.streams = list(dict.fromkeys([*self.streams, *names]))
        elif method == "UNSUBSCRIBE":
            self.streams = [name for name in self.streams if name not in names]
        return {"result": self.streams if method == "LIST_SUBSCRIPTIONS" else None, "id": identifier}

    def _property(self, method: str, parameters: list[object], identifier: object) -> dict[str, object]:
        if not parameters or not isinstance(parameters[0], str):
            return _invalid("property name must be a string")
        if parameters[0] != "combined":
            return {"code": 0, "msg": "Unknown property", "id": identifier}
        if method == "GET_PROPERTY":
            return {"result": self.combined, "id": identifier}
        if len(parameters) != 2 or not isinstance(parameters[1], bool):
            return {"code": 1, "msg": "Invalid value type: expected Boolean"}
        self.combined = parameters[1]
        return {"result": None, "id": identifier}


def _fault(request: object) -> dict[str, object] | None:
    """What is wrong with the form of a request."""
    if not isinstance(request, dict) or "method" not in request:
        return _invalid("missing field `method` at line 1 column 2")
    if set(request) - {"method", "params", "id"}:
        return _invalid("too many parameters")
    if request["method"] not in _METHODS:
        expected = ", ".join(f"`{each}`" for each in _METHODS)
        return _invalid(f"unknown variant {request['method']}, expected one of {expected} at line 1 column 28")
    if "id" not in request or not _is_identifier(request["id"]):
        return _invalid("request ID must be an unsigned integer")
    return None


def _is_identifier(value: object) -> bool:
    if isinstance(value, int) and not isinstance(value, bool):
        return -(2**63) <= value < 2**63
    return value is None or (isinstance(value, str) and value.isalnum() and len(value) <= 36)


def _invalid(what: str) -> dict[str, object]:
    return {"code": 2, "msg": f"Invalid request: {what}"}
