"""At scale: one recorder, 500 symbols, 2,000 trades/s, into a real S3 server over HTTP.

    python benchmarks/scale.py --seconds 120

The local exchange's synthetic markets and moto's S3 server run as processes of their own; the recorder is the
`candlewick record` that a user runs. At the end every trade that the exchange made in these seconds must be in the
bucket, once, with the exchange's price, quantity and time. CPU is the recorder's own process time over wall time.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import msgspec

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from candlewick.config import S3Settings
from candlewick.fake_binance.market.instruments import characters, decimal
from candlewick.fake_binance.market.market import SyntheticMarket
from candlewick.lake.names import parse
from candlewick.lake.objects import Lake, unpack
from candlewick.moments import now_us
from e2e.stack import Stack, free_port, wait_until

BUCKET = "tape"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}
SEED = 1
START_SECONDS = 300.0
STARTS_IN = 45.0
"""About when the measured time begins."""
Trade = tuple[str, str, int, bool]
"""Price, quantity, time in µs, whether the buyer is the maker."""


class Line(msgspec.Struct):
    """What is compared of a raw line."""

    e: str
    s: str = ""
    t: int = 0
    p: str = ""
    q: str = ""
    T: int = 0
    m: bool = False


def main() -> None:
    """Record, measure, compare, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--symbols", type=int, default=500)
    parser.add_argument("--rate", type=float, default=2_000.0, help="trades/s of all symbols together")
    parser.add_argument("--seconds", type=float, default=120.0, help="how long to measure")
    parser.add_argument("--flush-seconds", type=float, default=1.0)
    options = parser.parse_args()
    os.environ.update(CREDENTIALS)
    names = tuple(f"S{number:03}DEMO" for number in range(options.symbols))
    markets = fitting(names, options.rate, options.seconds)
    with tempfile.TemporaryDirectory() as home, s3_server() as endpoint:
        stack = written(Path(home), names, endpoint, options.flush_seconds)
        try:
            start_exchange(stack, markets)
            stack.start_recorder()
            window = measure(stack, options.seconds)
        except BaseException:
            for name in stack.processes:
                print(stack.log(name)[-4_000:], file=sys.stderr)
            raise
        finally:
            stack.stop()
        lake = Lake.open(f"s3://{BUCKET}", "demo", S3Settings(endpoint=endpoint, path_style=True))
        sys.exit(compare(lake, SyntheticMarket(characters(markets, 1.0), SEED), names, window))


def fitting(names: tuple[str, ...], rate: float, seconds: float) -> tuple[str, ...]:
    """Give each symbol the mean rate with which all of them make at least `rate` trades/s in the coming minutes.

    A synthetic market has busy and quiet hours, as real ones have; a tenth more is asked for than its mean says.
    """
    trial, sampled = 10.0, names[::5]
    sample = SyntheticMarket(characters([f"{name}={trial}" for name in sampled], 1.0), SEED)
    since = now_us() + int(STARTS_IN * 1e6)
    until = since + int(seconds * 1e6)
    made = sum(sample.id_at(name, until) - sample.id_at(name, since) for name in sampled) / seconds / len(sampled)
    return tuple(f"{name}={1.1 * rate / len(names) * trial / made:.4f}" for name in names)


@contextmanager
def s3_server() -> Iterator[str]:
    """Run moto in a process of its own, with an empty bucket."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            wait_until(lambda: answers(url), "the S3 server", START_SECONDS)
            boto3.client("s3", endpoint_url=url, region_name="us-east-1").create_bucket(Bucket=BUCKET)
            yield url
        finally:
            server.terminate()


def start_exchange(stack: Stack, markets: tuple[str, ...]) -> None:
    """Hundreds of markets take their time to be made."""
    limits = ("--seed", str(SEED), "--weight-limit", "1000000")
    stack.start("exchange", "exchange", "--port", str(stack.exchange_port), *limits, *markets)
    ping = f"http://127.0.0.1:{stack.exchange_port}/api/v3/ping"
    wait_until(lambda: answers(ping), "the exchange to listen", START_SECONDS)


def answers(url: str) -> bool:
    """Whether somebody serves there."""
    try:
        urllib.request.urlopen(url, timeout=1).close()
    except OSError:
        return False
    return True


def written(home: Path, names: tuple[str, ...], endpoint: str, flush_seconds: float) -> Stack:
    """The settings of a recorder of these symbols, into the bucket."""
    stack = Stack(home, symbols=names, history="0s", flush_seconds=flush_seconds).write_config()
    text = stack.config_path.read_text()
    head, _, sections = text.partition("[exchange]")
    bucket = f'lake = "s3://{BUCKET}"\n[s3]\nendpoint = "{endpoint}"\npath_style = true\n'
    stack.config_path.write_text(f"{head}{bucket}[exchange]{sections}")
    return stack


def measure(stack: Stack, seconds: float) -> tuple[int, int]:
    """Print what the recorder does over some seconds; return their beginning and end (µs)."""
    wait_until(lambda: is_recording(stack), "the recorder to record", START_SECONDS)
    time.sleep(5)  # the first seconds of a connection are not what is measured
    recorder = stack.processes["recorder"].pid
    began, cpu = now_us(), cpu_seconds(recorder)
    peers = {name: cpu_seconds(process.pid) for name, process in stack.processes.items()}
    time.sleep(seconds)
    ended, beat = now_us(), stack.beat("recorder")
    passed = (ended - began) / 1e6
    print(f"load average           {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs")
    print(f"measured               {passed:.0f} s")
    print(f"recorder's CPU         {(cpu_seconds(recorder) - cpu) / passed:.0%} of one core")
    print(f"exchange's CPU         {(cpu_seconds(stack.processes['exchange'].pid) - peers['exchange']) / passed:.0%}")
    print(f"recorder's memory      {memory_mb(recorder):.0f} MB")
    lags = sorted(each["lag_ms"] for each in beat["symbols"].values() if each.get("lag_ms") is not None)
    print(f"lag, median and worst  {lags[len(lags) // 2]:.0f} ms, {lags[-1]:.0f} ms")
    wait_until(lambda: is_durable(stack, ended), "what was recorded to be durable", START_SECONDS)
    return began, ended


def is_recording(stack: Stack) -> bool:
    beat = stack.beat("recorder")
    symbols = beat.get("symbols", {})
    return beat.get("state") == "recording" and len(symbols) == len(stack.symbols)


def is_durable(stack: Stack, until: int) -> bool:
    """Whether all that the recorder has is in the bucket, without a hole, and newer than a moment."""
    symbols = stack.beat("recorder")["symbols"].values()
    return all(each["holes"] == 0 for each in symbols) and now_us() > until + 5_000_000


def cpu_seconds(pid: int) -> float:
    """The CPU time of a process (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> float:
    """The resident memory of a process (Linux)."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def compare(lake: Lake, truth: SyntheticMarket, names: tuple[str, ...], window: tuple[int, int]) -> int:
    """Compare the bucket with the exchange's truth, trade by trade; return how many symbols differ."""
    recorded: dict[str, dict[int, Trade]] = {name: {} for name in names}
    copies: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    nbytes = 0
    for item in lake.list_all():
        content = lake.get(item.name)
        read, nbytes = unpack(item.name, content), nbytes + len(content)
        if window[0] <= read.manifest.created < window[1] and (parsed := parse(item.name)):
            kinds[parsed.kind] += 1
        for line in map(decode, read.lines):
            if line.e == "trade":
                copies[line.s] += line.t in recorded[line.s]
                recorded[line.s][line.t] = line.p, line.q, line.T, line.m
    missing = different = made = 0
    wrong = set()
    for name in names:
        for trade_id, trade in true_trades(truth, name, window):
            made += 1
            held = recorded[name].get(trade_id)
            missing += held is None
            different += held is not None and held != trade
            if held != trade:
                wrong.add(name)
    seconds = (window[1] - window[0]) / 1e6
    per_minute = {kind: count * 60 / seconds for kind, count in kinds.items()}
    print(
        f"objects per minute     {per_minute.get('stream', 0):.1f} live, {per_minute.get('backfill', 0):.1f} backfilled"
    )
    print(f"the exchange made      {made:,} trades of {len(names)} symbols: {made / seconds:,.0f}/s")
    print(f"missing, different     {missing}, {different}")
    print(f"in the bucket          {nbytes / 1e6:.1f} MB, {sum(copies.values())} trades twice")
    return len(wrong)


decode: Any = msgspec.json.Decoder(Line).decode


def true_trades(truth: SyntheticMarket, name: str, window: tuple[int, int]) -> Iterator[tuple[int, Trade]]:
    """The exchange's trades of a symbol in a time."""
    first, stop = (truth.id_at(name, moment) for moment in window)
    trades = truth.trades(name, first, stop - 1)
    tick, lot = trades.instrument.tick, trades.instrument.lot
    columns = (trades.ids, trades.price, trades.quantity, trades.traded_at, trades.buyer_is_maker)
    for trade_id, price, quantity, at, is_maker in zip(*(column.tolist() for column in columns), strict=True):
        yield trade_id, (decimal(price * tick), decimal(quantity * lot), at, is_maker)


if __name__ == "__main__":
    main()
