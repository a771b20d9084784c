"""Routes on a real server of their own, and what they answer."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from candlewick.dashboard.serve import bind


@asynccontextmanager
async def serving(routes: Sequence[BaseRoute]) -> AsyncIterator[str]:
    """Serve routes while the block runs; gives the address."""
    listener = bind("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), log_config=None, lifespan="off"))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    await task


async def answered(session: aiohttp.ClientSession, method: str, url: str, **more: object) -> tuple[int, object]:
    """Ask; the status, and what JSON says or the text."""
    async with session.request(method, url, **more) as answer:
        body = await answer.read()
        is_json = answer.content_type == "application/json"
        return answer.status, msgspec.json.decode(body) if is_json else body.decode().strip()


def damage(folder: Path) -> Path:
    """Cut the one file in a folder off."""
    [path] = folder.iterdir()
    path.write_bytes(b"{half")
    return path
