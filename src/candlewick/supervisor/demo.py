"""The demo's settings: made-up symbols on the local exchange, in a folder of its own."""

import socket
from pathlib import Path

import msgspec

from candlewick.config import DEMO_HOME, check_home
from candlewick.errors import CandlewickError

SYMBOLS = ("BTCDEMO", "ETHDEMO", "SOLDEMO", "ETHBTCDEMO")
WEIGHT_LIMIT = 240_000
"""The REST weight a minute that the demo's exchange grants: its history is there in seconds."""

CANDLE_DAYS = 10
"""Of the exchange's own candles: it makes every trade of them to sum it up, which takes a machine's time."""

_CONFIG = """\
# Written by `candlewick up --demo`; edit it and it is kept as you leave it.
symbols = {symbols}
data = "."
prefix = "demo"
history = "6h"
candles = {candles}

[exchange]
streams = ["ws://127.0.0.1:{exchange}", "ws://localhost:{exchange}"]
rest = ["http://127.0.0.1:{exchange}"]
archive = "http://127.0.0.1:{exchange}"

[feed]
port = {feed}
"""


def write_config(path: Path) -> Path:
    """Write the demo's settings where there are none yet, with ports that are free now. Raises `ConfigError`."""
    if not path.exists():
        check_home(DEMO_HOME).mkdir(exist_ok=True)
        ports = {"exchange": _free_port(9443), "feed": _free_port(8765)}
        path.write_text(_CONFIG.format(symbols=msgspec.json.encode(SYMBOLS).decode(), candles=CANDLE_DAYS, **ports))
    return path


def _free_port(wanted: int) -> int:
    for port in (wanted, 0):
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(listener.getsockname()[1])
    raise CandlewickError("no free port on 127.0.0.1")
