"""How a connection ends badly: a TCP reset, or in the middle of a frame or an answer."""

import asyncio
import socket as sockets
import struct

_TEXT_FRAME = 0x81
_NO_LINGER = struct.pack("ii", 1, 0)


def reset(transport: asyncio.BaseTransport | None) -> None:
    """End a connection with a TCP reset: what was not sent yet is lost."""
    if not isinstance(transport, asyncio.Transport):
        return
    own = transport.get_extra_info("socket")
    if own is not None:
        own.setsockopt(sockets.SOL_SOCKET, sockets.SO_LINGER, _NO_LINGER)
    transport.abort()


def break_off(transport: asyncio.BaseTransport | None, content: bytes, *, head: bytes = b"") -> None:
    """Send a head and the first half of some bytes, then end the connection."""
    if isinstance(transport, asyncio.Transport) and not transport.is_closing():
        transport.write(head + content[: len(content) // 2])
        transport.close()


def text_frame(text: str) -> bytes:
    """Return a server's text frame as RFC 6455, 'Base Framing Protocol', has it on the wire."""
    content = text.encode()
    if len(content) < 126:
        head = bytes((_TEXT_FRAME, len(content)))
    elif len(content) < 2**16:
        head = struct.pack("!BBH", _TEXT_FRAME, 126, len(content))
    else:
        head = struct.pack("!BBQ", _TEXT_FRAME, 127, len(content))
    return head + content
