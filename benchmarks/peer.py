"""Recorders as their users write them, one a library: BTCUSDT's trades from a local exchange, into a file of JSON.

    python benchmarks/peer.py cryptofeed --streams 9101 --rest 9102 --out FILE

`peers.py` runs this file with the Python of the library's own environment, so it imports nothing of ours. What a
library needs to be pointed at a local exchange is done here, and named in `PATCHED`. SIGTERM ends it: it writes what it
has and stops.
"""

# ruff: noqa: PLC0415 - of the libraries only one is there at a time
# mypy: disable-error-code="import-not-found,import-untyped,no-untyped-call,misc,attr-defined"
import argparse
import asyncio
import json
import os
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any, TextIO

SYMBOL = "BTCUSDT"
stopping = threading.Event()


class Lines:
    """One trade a line."""

    def __init__(self, path: Path) -> None:
        self._file: TextIO = path.open("a")

    def add(self, trade_id: int, trade: object) -> None:
        """Write a trade; `id` is what is counted."""
        self._file.write(json.dumps({"id": trade_id, "trade": trade}) + "\n")

    def close(self) -> None:
        """Let the system have all of it."""
        self._file.close()


def seed(streams: int, rest: int, out: Path) -> None:
    """websocket-client, every event into a list, a JSON array of it every 60 s: how most recorders begin."""
    import websocket

    buffer: list[dict[str, Any]] = []
    written = [time.monotonic(), 0]

    def flush() -> None:
        events = buffer.copy()
        del buffer[: len(events)]
        written[:] = [time.monotonic(), written[1] + 1]
        path = out.with_name(f"{out.name}.{written[1]}")
        path.write_text(json.dumps([{"id": event["t"], "trade": event} for event in events]))

    def on_message(socket: websocket.WebSocketApp, message: str) -> None:
        buffer.append(json.loads(message))
        if time.monotonic() - written[0] >= 60:
            flush()

    def run() -> None:
        while not stopping.is_set():
            app = websocket.WebSocketApp(f"ws://127.0.0.1:{streams}/ws/{SYMBOL.lower()}@trade", on_message=on_message)
            app.run_forever()
            time.sleep(1)

    threading.Thread(target=run, daemon=True).start()
    stopping.wait()
    flush()


def python_binance(streams: int, rest: int, out: Path) -> None:
    """python-binance's `trade_socket`, with a queue that holds everything: its own holds 100 messages."""
    from binance import AsyncClient, BinanceSocketManager

    lines = Lines(out)

    async def run() -> None:
        manager = BinanceSocketManager(AsyncClient(), max_queue_size=10_000_000)
        manager.STREAM_URL = f"ws://127.0.0.1:{streams}/"
        async with manager.trade_socket(SYMBOL) as socket:
            while True:
                event = await socket.recv()
                if event["e"] == "error":  # it connects again by itself, and says so in this way
                    print(event, file=sys.stderr)
                else:
                    lines.add(event["t"], event)

    threading.Thread(target=asyncio.run, args=(run(),), daemon=True).start()
    stopping.wait()
    lines.close()


def unicorn(streams: int, rest: int, out: Path) -> None:
    """unicorn-binance-websocket-api over picows, its stream buffer emptied into the file."""
    from unicorn_binance_websocket_api import BinanceWebSocketApiManager

    lines = Lines(out)
    manager = BinanceWebSocketApiManager(
        exchange="binance.com",
        output_default="raw_data",
        websocket_base_uri=f"ws://127.0.0.1:{streams}/",
        restful_base_uri=f"http://127.0.0.1:{rest}/",
        websocket_library="picows",
        warn_on_update=False,
    )
    manager.create_stream(["trade"], [SYMBOL])
    while not stopping.is_set():
        message = manager.pop_stream_data_from_stream_buffer()
        if not message:
            time.sleep(0.01)
        elif '"trade"' in message:
            event = json.loads(message)["data"]
            lines.add(event["t"], event)
    lines.close()
    manager.stop_manager()


def cryptofeed(streams: int, rest: int, out: Path) -> None:
    """cryptofeed's trades of Binance, which are its aggregates; here one aggregate is one trade."""
    from cryptofeed import FeedHandler, connection
    from cryptofeed.connection import RestEndpoint, Routes, WebsocketEndpoint
    from cryptofeed.defines import TRADES
    from cryptofeed.exchanges import Binance

    lines, theirs = Lines(out), connection.connect
    connection.connect = lambda address, **options: theirs(address.replace("wss://", "ws://"), **options)
    Binance.websocket_endpoints = [WebsocketEndpoint(f"wss://127.0.0.1:{streams}")]
    Binance.rest_endpoints = [RestEndpoint(f"http://127.0.0.1:{rest}", routes=Routes(["/api/v3/exchangeInfo"]))]

    async def on_trade(trade: Any, received_at: float) -> None:  # noqa: ANN401 (the library has no types)
        lines.add(int(trade.id), trade.to_dict(numeric_type=str))

    handler = FeedHandler({"log": {"disabled": True}, "uvloop": False})
    handler.add_feed(Binance(symbols=["BTC-USDT"], channels=[TRADES], callbacks={TRADES: on_trade}))
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)

    async def stop() -> None:
        await asyncio.to_thread(stopping.wait)
        loop.stop()

    handler.run(start_loop=False, install_signal_handlers=False)
    task = loop.create_task(stop())
    loop.run_forever()
    task.cancel()
    lines.close()


CLIENTS = {"seed": seed, "python-binance": python_binance, "unicorn": unicorn, "cryptofeed": cryptofeed}
PATCHED = {
    "python-binance": "its STREAM_URL, and a queue that holds everything",
    "cryptofeed": "its class's endpoints, and ws:// where it insists on wss://",
}
"""What is set in a library because it has no setting for it."""


def main() -> None:
    """Record until SIGTERM."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("client", choices=CLIENTS)
    parser.add_argument("--streams", type=int, required=True)
    parser.add_argument("--rest", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, frame: stopping.set())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        CLIENTS[options.client](options.streams, options.rest, options.out)
    except Exception:  # noqa: BLE001 (of whatever library; its threads would keep a process that ends by itself)
        traceback.print_exc()
        os._exit(1)
    os._exit(0)  # their threads would keep it


def _end_with_parent() -> None:
    """End when whoever started this has gone: it holds the other end of the standard input."""
    sys.stdin.buffer.read()
    os._exit(1)


if __name__ == "__main__":
    main()
