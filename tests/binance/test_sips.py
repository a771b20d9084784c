"""A connection whose peer has sent far more than can be taken: all else of the event loop keeps its turns."""

import asyncio
import base64
import hashlib
import socket
import struct
import threading
import time
from itertools import pairwise

from candlewick.binance.connection import connect
from candlewick.binance.sips import BYTES_AT_ONCE

FRAMES = 20_000
PATIENCE = 30.0


def frame(trade_id: int) -> bytes:
    times = '"E":1723161254087896,"T":1723161254087896'
    event = f'{{"e":"trade","s":"BTCUSDT","t":{trade_id},"p":"1.0","q":"1.0",{times},"m":true,"M":true}}'
    text = f'{{"stream":"btcusdt@trade","data":{event}}}'.encode()
    return struct.pack("!BBH", 0x81, 126, len(text)) + text


def flood(listener: socket.socket) -> None:
    """Let one client in and send it everything at once."""
    client, _ = listener.accept()
    with client:
        request = client.recv(65_536).decode()
        key = next(line.split(": ")[1] for line in request.splitlines() if line.lower().startswith("sec-websocket-key"))
        digest = hashlib.sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest()
        accept = base64.b64encode(digest).decode()
        head = f"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}"
        client.sendall(f"{head}\r\n\r\n".encode() + b"".join(map(frame, range(FRAMES))))
        client.recv(1)  # until the client leaves


async def test_others_have_their_turn_after_each_sip_however_much_has_come():
    got: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE)
        thread = threading.Thread(target=flood, args=(listener,))
        thread.start()
        url = f"ws://127.0.0.1:{listener.getsockname()[1]}/stream"
        connection = await connect(url, lambda event, trade, at: got.append(trade.trade_id), lambda: None)
        at_turns = [len(got)]
        time.sleep(0.3)  # noqa: ASYNC251 - the system's buffers fill meanwhile, as they do under a burst
        async with asyncio.timeout(PATIENCE):
            while len(got) < FRAMES:
                await asyncio.sleep(0)
                at_turns.append(len(got))
        connection.drop()
        await asyncio.to_thread(thread.join)
    assert got == list(range(FRAMES))
    most_at_once = BYTES_AT_ONCE // len(frame(0)) + 1
    assert max(later - one for one, later in pairwise(at_turns)) <= most_at_once
