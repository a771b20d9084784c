"""A real HTTP server whose answers a test scripts: sockets, headers and bodies as on the wire."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest
import stamina
from aiohttp import web
from aiohttp.test_utils import TestServer

from candlewick.binance import hosts

Answer = Callable[[web.Request], web.StreamResponse]


@dataclass
class ScriptedServer:
    """Answers by path: the scripted answers one after the other, the last one for ever."""

    url: str = ""
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    requests: list[web.Request] = field(default_factory=list)

    def script(self, endpoint: str, *answers: Answer) -> None:
        self.answers[f"/api/v3/{endpoint}"] = list(answers)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        answers = self.answers.get(request.path)
        if not answers:
            return web.json_response({"code": 0, "msg": "not scripted"}, status=404)
        return answers.pop(0)(request) if len(answers) > 1 else answers[0](request)


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    scripted = ScriptedServer()
    app = web.Application()
    app.router.add_get("/{path:.*}", scripted.handle)
    async with TestServer(app) as running:
        scripted.url = str(running.make_url("")).rstrip("/")
        yield scripted


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries happen at once, and an exchange that is down is asked on."""
    monkeypatch.setattr(hosts, "LONGEST_PAUSE", 0.0)
    stamina.set_testing(True, attempts=10, cap=True)
    yield
    stamina.set_testing(False)
