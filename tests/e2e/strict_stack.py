"""Candlewick beside the Binance of `peers.strict_binance`, each in processes of its own, and their comparison."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from decimal import Decimal
from pathlib import Path
from typing import Any

from candlewick.mart.reader import Mart
from candlewick.process import heartbeat
from e2e.stack import DEADLINE_SECONDS, free_port, wait_until
from made import leash

HOME = "Ein Ordner 'mit' \"allem\" 1 & 50% [neu] 数据"
"""A folder's name as people give them: in it, everything has to work."""
SYMBOLS = ("ETHBTC", "币安人生USDT", "BTTCBTC", "NEWUSDT", "DOGEUSDT")
HISTORY_SECONDS = 180
SLOWEST_SECONDS = 400.0
SLACK_SECONDS = 30
"""History is counted from when the recorder has met the exchange, which takes a slow machine a while."""
MINUTE = 60_000_000
TESTS = Path(__file__).parents[1]
FIELDS = {
    "open": "open",
    "high": "high",
    "low": "low",
    "close": "close",
    "volume": "volume",
    "quote_volume": "quote_volume",
    "trade_count": "count",
    "taker_buy_volume": "taker_volume",
    "taker_buy_quote_volume": "taker_quote_volume",
}
"""A candle's nine numbers: our name, and that of the truth."""

TAPE = """
    select trade_id, price, quantity, quote_quantity, epoch_us(traded_at), is_buyer_maker
    from silver.trades_deduped where symbol = ? order by trade_id
"""
Row = tuple[Any, ...]


class Exchange:
    """The stand-in's process, and what it says really happened."""

    def __init__(self, home: Path, *options: str) -> None:
        self.authority = home / "authority.pem"
        command = [sys.executable, "-m", "peers.strict_binance", f"--ca={self.authority}", *options]
        self.process = subprocess.Popen(command, cwd=TESTS, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        self.addresses: dict[str, Any] = json.loads(self.process.stdout.readline())

    def ask(self, path: str = "", **query: object) -> Any:
        """What its `/truth` answers."""
        address = f"{self.addresses['truth']}/truth{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(address, timeout=DEADLINE_SECONDS) as answer:
            return json.load(answer)

    def heads(self) -> dict[str, int]:
        """The newest id of each symbol."""
        return {symbol: int(ids["last"]) for symbol, ids in self.ask()["markets"].items()}

    def trades(self, symbol: str, first: int, last: int) -> list[Row]:
        """The trades `first..last`: id, price, quantity, quote amount, time (µs), whether the buyer is the maker."""
        rows = self.ask("/trades", symbol=symbol, **{"from": first, "to": last})
        return [
            (int(i), Decimal(p), Decimal(q), Decimal(v), int(at), maker == "True") for i, p, q, v, at, maker in rows
        ]

    def candles(self, symbol: str, first: int, last: int) -> list[Row]:
        """The minutes from `first` to `last` (µs, exclusive) with trades: open time, ids, nine numbers."""
        bars = self.ask("/candles", symbol=symbol, **{"from": first, "to": last})
        return [
            (
                int(bar["open_time"]),
                int(bar["first"]),
                int(bar["last"]),
                *(Decimal(bar[name]) for name in FIELDS.values()),
            )
            for bar in bars
            if bar["first"] != "-1"
        ]

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(DEADLINE_SECONDS)


class Candlewick:
    """A recorder in a folder of its own, and the warehouse made of what it wrote."""

    def __init__(self, home: Path, exchange: Exchange) -> None:
        home.mkdir()
        self.home, self.environment = home, {}
        self.config = home / "candlewick.toml"
        self.started_at = time.time_ns() // 1000
        self.recorder: subprocess.Popen[bytes] | None = None
        self.dashboard: subprocess.Popen[bytes] | None = None
        self._log_size = 0
        self.turn_to(exchange)

    def turn_to(self, exchange: Exchange) -> None:
        """Write the settings for an exchange and its markets."""
        self.environment = {"SSL_CERT_FILE": str(exchange.authority)}
        hosts = "".join(f"{name} = {json.dumps(exchange.addresses[name])}\n" for name in ("streams", "rest", "archive"))
        self.config.write_text(
            f"symbols = {json.dumps([*exchange.heads()], ensure_ascii=False)}\n"
            f"data = '.'\nhistory = '{HISTORY_SECONDS}s'\n"
            f"timezone = 'UTC'\nflush_seconds = 0.3\n[exchange]\n{hosts}[feed]\nport = {free_port()}\n",
            encoding="utf-8",
        )

    def start(self) -> None:
        """Start the recorder; what it says goes to `recorder.log`."""
        log = (self.home / "recorder.log").open("ab")
        self._log_size = log.tell()
        command = [sys.executable, "-m", "candlewick", "record", "--config", str(self.config)]
        self.recorder = subprocess.Popen(
            command, cwd=self.home, env=os.environ | self.environment, stdout=log, stderr=log
        )
        log.close()

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End the recorder; its exit code."""
        assert self.recorder
        self.recorder.send_signal(number)
        return self.recorder.wait(DEADLINE_SECONDS)

    def start_dashboard(self) -> str:
        """Serve what is published; returns the address."""
        port = free_port()
        command = [sys.executable, "-m", "candlewick", "dashboard", f"--port={port}", "--config", str(self.config)]
        log = (self.home / "dashboard.log").open("ab")
        self.dashboard = leash.start(command, cwd=self.home, stdout=log, stderr=log)
        log.close()
        wait_until(lambda: bool(heartbeat.read(self.home / "run", "dashboard")), "the dashboard", SLOWEST_SECONDS)
        return f"http://127.0.0.1:{port}"

    def kill_if_running(self) -> None:
        if self.recorder and self.recorder.poll() is None:
            self.end(signal.SIGKILL)
        if self.dashboard:
            self.dashboard.kill()
            self.dashboard.wait(DEADLINE_SECONDS)

    def run(self, *arguments: str, code: int = 0) -> str:
        """Run one command to its end, which has to be with this exit code; what it wrote."""
        command = [sys.executable, "-m", "candlewick", *arguments, "--config", str(self.config)]
        environment = os.environ | self.environment
        done = subprocess.run(
            command,
            cwd=self.home,
            env=environment,
            capture_output=True,
            text=True,
            timeout=SLOWEST_SECONDS,
            check=False,
        )
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def said(self) -> list[dict[str, Any]]:
        """What the recorder that was started last has said."""
        lines = (self.home / "recorder.log").read_bytes()[self._log_size :].splitlines()
        return [json.loads(line) for line in lines if line.startswith(b"{") and line.endswith(b"}")]

    def wait_until_said(self, event: str, *symbols: str) -> None:
        """Wait until the recorder that was started last says something, of each of some symbols."""

        def is_said() -> bool:
            found = [line for line in self.said() if line.get("event") == event]
            return bool(found) and {*symbols} <= {line.get("symbol") or line.get("problem", "") for line in found}

        wait_until(is_said, f"the recorder to say {event!r}", SLOWEST_SECONDS)

    def wait_until_whole(self, heads: dict[str, int]) -> None:
        """Wait until each symbol is durable in one piece, from its history's start to the newest id of a moment ago."""
        wait_until(lambda: self._is_whole(heads), f"ids durable in one piece up to {heads}", SLOWEST_SECONDS)

    def state(self) -> dict[str, Any]:
        """The recorder's checkpoint; empty before its first."""
        path = self.home / "state" / "r1.state.json"
        return json.loads(path.read_text()) if path.exists() else {"covered": {}, "history": {}}

    def _is_whole(self, heads: dict[str, int]) -> bool:
        known = self.state()
        pieces = {symbol: known["covered"].get(symbol, []) for symbol in heads}
        floors = {symbol: known["history"].get(symbol, {}).get("floor") for symbol in heads}
        return all(
            len(ids) == 1 and floors[symbol] is not None and ids[0][0] <= floors[symbol] and ids[0][1] >= heads[symbol]
            for symbol, ids in pieces.items()
        )

    def mart(self) -> Mart:
        """Load what is in the lake, and open what the warehouse publishes."""
        self.run("warehouse", "--once")
        return Mart(self.home / "mart")


def assert_equal(ours: list[Row], theirs: list[Row], symbol: str) -> None:
    """Fail with the first rows that only one side has."""
    only_ours, only_theirs = sorted(set(ours) - set(theirs))[:3], sorted(set(theirs) - set(ours))[:3]
    assert ours == theirs, (
        f"{symbol}: {len(ours)} rows, {only_ours} only ours; {len(theirs)}, {only_theirs} only theirs"
    )


def assert_tape_is_true(candlewick: Candlewick, exchange: Exchange, mart: Mart, heads: dict[str, int]) -> None:
    """Each trade of each symbol, from the promised history's start on to `heads`, is the exchange's own."""
    with mart.connect() as connection:
        for symbol in SYMBOLS:
            ours = connection.execute(TAPE, [symbol]).fetchall()
            first, last = ours[0][0], ours[-1][0]
            assert_equal(ours, exchange.trades(symbol, first, last), symbol)
            assert last >= heads[symbol]
            for before in exchange.trades(symbol, first - 1, first - 1):
                assert before[4] < candlewick.started_at + (SLACK_SECONDS - HISTORY_SECONDS) * 1_000_000, symbol


def assert_candles_are_true(exchange: Exchange, mart: Mart) -> None:
    """Each minute that is over is complete and the exchange's own in nine fields; the audit contradicts none."""
    names = ", ".join(FIELDS)
    with mart.connect() as connection:
        assert connection.execute("select * from gold.candle_audit where status = 'mismatch'").fetchall() == []
        matches = connection.execute(
            "select symbol, count(*) from gold.candle_audit where status = 'match' group by all"
        )
        assert {symbol: count >= 2 for symbol, count in matches.fetchall()} == dict.fromkeys(SYMBOLS, True)
        for symbol in SYMBOLS:
            ours = connection.execute(
                f"select epoch_us(open_time), first_trade_id, last_trade_id, {names} from gold.trades_ohlc_1m"
                f" where symbol = '{symbol}' and is_complete and trade_count > 0 order by open_time"
            ).fetchall()
            [(newest,)] = connection.execute(
                f"select max(epoch_us(open_time)) from gold.trades_ohlc_1m where symbol = '{symbol}'"
            ).fetchall()
            assert_equal(ours, exchange.candles(symbol, ours[0][0], newest), symbol)
            assert len(ours) >= HISTORY_SECONDS // 60 - 1
