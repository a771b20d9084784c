"""The recorder's own server answers no foreign page and no re-bound name, and keeps a place for the dashboard."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest

from candlewick.recorder.feed import CLIENTS_AT_MOST, KEY_HEADER, Feed
from candlewick.recorder.ring import Ring

KEY = "k" * 43


@pytest.fixture
async def feed() -> AsyncIterator[Feed]:
    async with Feed("127.0.0.1", 0, {"BTCDEMO": Ring()}, lambda: {}, lambda: b"", silent_seconds=0.5, key=KEY) as feed:
        yield feed


@pytest.fixture
async def session(feed: Feed) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(f"http://127.0.0.1:{feed.port}") as session:
        yield session


@pytest.mark.parametrize("path", ["/health", "/metrics", "/feed"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example", "Origin": "http://evil.example"},
        {"Origin": "http://evil.example"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    ],
)
async def test_no_route_answers_another_origin_or_a_name_that_is_not_ours(
    session: aiohttp.ClientSession, path: str, headers: dict[str, str]
) -> None:
    async with session.get(path, headers=headers) as answer:
        assert answer.status == 403
        assert (await answer.text()).count("\n") == 1


@pytest.mark.parametrize("path", ["/health", "/metrics"])
async def test_a_program_on_this_machine_is_answered(session: aiohttp.ClientSession, path: str) -> None:
    async with session.get(path) as answer:
        assert answer.status == 200


async def test_sockets_that_fill_every_place_do_not_lock_the_dashboard_out(session: aiohttp.ClientSession) -> None:
    held = [await session.ws_connect("/feed") for _ in range(CLIENTS_AT_MOST)]
    for socket in held:
        await socket.send_str('{"subscribe":{}}')
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await session.ws_connect("/feed")
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await session.ws_connect("/feed", headers={KEY_HEADER: "wrong"})
    ours = await session.ws_connect("/feed", headers={KEY_HEADER: KEY})
    await ours.send_str('{"subscribe":{"BTCDEMO":null}}')
    assert not ours.closed


@pytest.mark.parametrize("says", [None, "x" * 40_000, "[" * 40_000, b"\x00\x01"])
async def test_a_socket_that_subscribes_to_nothing_is_closed_in_words_of_ours(
    session: aiohttp.ClientSession, says: str | bytes | None
) -> None:
    socket = await session.ws_connect("/feed")
    if isinstance(says, str):
        await socket.send_str(says)
    elif says:
        await socket.send_bytes(says)
    message = await asyncio.wait_for(socket.receive(), 30)
    assert message.type is aiohttp.WSMsgType.CLOSE
    assert "expected" in message.extra
