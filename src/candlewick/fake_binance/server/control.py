"""`/candlewick/faults`: faults on demand, for programs on this machine. Only where the exchange was started for that.

POST    a fault or a list of them as JSON, {"kind":"drop","leg":0}: they begin at once
GET     what was injected, when, and how much it hit
DELETE  ends every fault at work
"""

from ipaddress import ip_address

import msgspec
from aiohttp import web

from candlewick.errors import ConfigError
from candlewick.fake_binance.faults import Script
from candlewick.fake_binance.faults.fault import from_json

PATH = "/candlewick/faults"


class Control:
    """The endpoint of one script."""

    def __init__(self, script: Script) -> None:
        self._script = script

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [web.post(PATH, self._inject), web.get(PATH, self._tell), web.delete(PATH, self._heal)]

    async def _inject(self, request: web.Request) -> web.Response:
        _admit(request)
        try:
            faults = from_json(await request.read())
        except ConfigError as error:
            return _json({"error": str(error)}, status=400)
        return _json([entry.said() for entry in self._script.inject(*faults)])

    async def _tell(self, request: web.Request) -> web.Response:
        _admit(request)
        journal = self._script.journal
        return _json({"counts": journal.counts, "faults": [entry.said() for entry in journal]})

    async def _heal(self, request: web.Request) -> web.Response:
        _admit(request)
        self._script.heal()
        return _json({})


def _admit(request: web.Request) -> None:
    """Refuse what does not come from this machine, and what a web page here could send in its reader's name."""
    if not ip_address(request.remote or "0.0.0.0").is_loopback or "Origin" in request.headers:
        raise web.HTTPForbidden(text="faults are injected from this machine, and not by web pages")


def _json(value: object, status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), content_type="application/json", status=status)
