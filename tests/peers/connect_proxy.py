"""A small HTTP proxy as companies have them: CONNECT and whole addresses, a password, and names that only it resolves.

Source: RFC 9110, 'CONNECT' (9.3.6) and 'Proxy-Authorization' (11.7.2); RFC 9112, 'absolute-form' (3.2.2).
"""

import asyncio
import base64
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit


@dataclass
class ConnectProxy:
    """Listens on a free port of this machine; `asked` are the requests it took, as `CONNECT host:port`.

    Every name that ends in `.test` is this machine's. With `password`, who does not give it gets 407; with
    `refuses`, everybody gets 403.
    """

    password: str = ""
    refuses: bool = False
    asked: list[str] = field(default_factory=list)
    port: int = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    @property
    def url(self) -> str:
        login = f"tape:{self.password}@" if self.password else ""
        return f"http://{login}127.0.0.1:{self.port}"

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
            if (refusal := self._refusal(head)) is not None:
                writer.write(f"HTTP/1.1 {refusal}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
                await writer.drain()
            else:
                self.asked.append(f"{method} {target if method == 'CONNECT' else urlsplit(target).netloc}")
                await self._pass_on(method, target, head, reader, writer)
        writer.close()

    def _refusal(self, head: bytes) -> str | None:
        if self.refuses:
            return "403 Forbidden"
        login = b"proxy-authorization: basic " + base64.b64encode(f"tape:{self.password}".encode()).lower()
        return "407 Proxy Authentication Required" if self.password and login not in head.lower() else None

    async def _pass_on(
        self, method: str, target: str, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        parts = urlsplit(f"//{target}" if method == "CONNECT" else target)
        host = "127.0.0.1" if (parts.hostname or "").endswith(".test") else parts.hostname
        there_reader, there_writer = await asyncio.open_connection(host, parts.port or 80)
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            path = parts._replace(scheme="", netloc="").geturl() or "/"
            there_writer.write(head.replace(target.encode(), path.encode(), 1))
        await asyncio.gather(_pump(reader, there_writer), _pump(there_reader, writer))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    with suppress(OSError, RuntimeError):
        writer.close()
