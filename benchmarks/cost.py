"""What Candlewick costs at scale, and where the seconds go: prints docs/cost.md.

Bytes are measured: trades, packed as the recorder packs them. They are those of the recording that is named, or else
made from a seed. Prices and limits have their sources and dates. What is neither measured nor documented is an
estimate, is called one, and is an option here.

    python benchmarks/cost.py [--recording FOLDER] [--write]
"""

import argparse
import gzip
import math
import re
import sys
from itertools import cycle, islice
from pathlib import Path
from statistics import fmean

from candlewick.lake.manifest import Extent, Manifest, encode
from candlewick.lake.objects import pack
from candlewick.trade import payload, raw_line

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "benchmarks")]

from made import capture
from prices import (
    CREDIT,
    FILES,
    GB,
    GET,
    MONTH_HOURS,
    PRICES,
    PUT,
    SNOWPIPE,
    STORED,
    STORED_THERE,
    STREAMING,
    TO_CHART,
    TO_S3,
    XS,
    Estimates,
    Hop,
    Scenario,
)

DOCUMENT = ROOT / "docs" / "cost.md"
SYMBOLS = (1, 50, 500)
FLUSHES = (1, 5, 60)
CYCLES = (30, 60, 300, 900, 3600)
DEFAULT_CYCLE = 300
PUBLISHES = (3600, 21600, 86400)
AUTO_SUSPEND = 60
SAMPLES = 4
_NO_VALUE = re.compile(rb'"[a-zA-Z]+":|[{}",]')
_TIME = re.compile(rb'"([ET])":(\d{13})\b')


def main() -> None:
    """Measure, and print or write the document."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--recording", type=Path, help="folder of frames_*.gz; without it, made from a seed")
    parser.add_argument("--rank-exponent", type=float, default=Estimates.rank_exponent)
    parser.add_argument("--run-seconds", type=float, default=Estimates.run_seconds)
    parser.add_argument("--write", action="store_true", help="write docs/cost.md")
    given = parser.parse_args()
    if given.write and not given.recording:
        parser.error("--write needs --recording FOLDER: docs/cost.md is about real trades")
    with capture.named_or_made(given.recording) as recording:
        text = document(recording, Estimates(given.rank_exponent, given.run_seconds))
    if given.write:
        DOCUMENT.write_text(text, encoding="utf-8")
    else:
        print(text, end="")


def document(recording: Path, estimates: Estimates) -> str:
    """Return docs/cost.md."""
    lines, seconds = recorded_lines(recording)
    rate = len(lines) / seconds
    scenarios = [measure(lines, rate, n, flush, estimates) for n in SYMBOLS for flush in FLUSHES]
    parts = (
        HEAD,
        volumes(scenarios),
        bills(scenarios),
        warehouse_hours(estimates),
        ways(scenarios, estimates),
        latency(),
        sources(rate, estimates),
    )
    return "\n".join(parts)


def recorded_lines(folder: Path) -> tuple[list[bytes], float]:
    """Return a recording's trades as raw lines in µs, and how many seconds it took."""
    files = sorted(folder.glob("frames_*.gz"))
    rows = [row.split(b" ", 1) for file in files for row in gzip.decompress(file.read_bytes()).splitlines()]
    trades = [(int(clock), frame) for clock, frame in rows if b"@trade" in frame[:60]]
    lines = [raw_line(payload(frame), "ws", clock // 1000) for clock, frame in trades]
    return [_in_micros(line, number) for number, line in enumerate(lines)], (trades[-1][0] - trades[0][0]) / 1e9


def measure(lines: list[bytes], rate: float, symbols: int, flush: int, estimates: Estimates) -> Scenario:
    """Pack objects of as many recorded trades as come in a flush, from all over the recording; return the mean."""
    rates = [rate * rank**-estimates.rank_exponent for rank in range(1, symbols + 1)]
    count = max(1, round(sum(rates) * flush))
    seen = round(sum(1 - math.exp(-each * flush) for each in rates))
    starts = range(0, len(lines), len(lines) // SAMPLES)
    samples = [list(islice(cycle(lines), start, start + count)) for start in starts]
    ends = [manifest(count, max(1, seen), symbols) for _ in samples]
    packed = [len(pack(chosen, end)) for chosen, end in zip(samples, ends, strict=True)]
    texts = [sum(map(len, chosen)) + count + len(encode(end)) for chosen, end in zip(samples, ends, strict=True)]
    values = fmean(len(_NO_VALUE.sub(b"", line)) for line in lines[::SAMPLES]) * count
    return Scenario(symbols, flush, sum(rates), fmean(texts), fmean(packed), values)


def manifest(lines: int, seen: int, symbols: int) -> Manifest:
    """Return the manifest of an object with trades of `seen` of a recorder's symbols."""
    names = [f"SYM{number:03}USDT" for number in range(symbols)]
    ids = [(3_735_683_259, 3_735_703_162)]
    return Manifest(
        recorder="r1",
        seq=1_234_567,
        prev="binance/raw/2026-01-24/13/stream_2026-01-24_13-22-00.123456_r1.json.zst",
        created=1_769_261_320_123_456,
        lines=lines,
        spans={name: Extent(*ids[0], 19_904, ids) for name in names[:seen]},
        covered=dict.fromkeys(names, ids),
        declared={},
    )


def volumes(scenarios: list[Scenario]) -> str:
    """Return the table of objects and bytes."""
    return "\n".join([VOLUMES, *map(_volume, scenarios), ""])


def _volume(s: Scenario) -> str:
    size, stored, text = s.packed_bytes / 1e3, s.monthly_gb(s.packed_bytes), s.monthly_gb(s.text_bytes)
    return (
        f"| {s.symbols} | {s.flush_seconds} s | {s.trades_per_second:,.0f} | {s.objects / 1e6:.2f} M | "
        f"{size:,.1f} KB | {stored:,.1f} GB | {text:,.0f} GB |"
    )


def bills(scenarios: list[Scenario]) -> str:
    """Return the table of dollars a month, without the warehouse."""
    return "\n".join([BILLS, *map(_bill, scenarios), ""])


def _bill(s: Scenario) -> str:
    puts, gets = s.objects * PUT.value, s.objects * GET.value
    stored = s.monthly_gb(s.packed_bytes) * STORED.value
    piped = s.monthly_gb(s.text_bytes) * SNOWPIPE.value * CREDIT.value
    streamed = s.monthly_gb(s.values_bytes) * SNOWPIPE.value * CREDIT.value
    cells = [f"${value:,.2f}" for value in (puts, gets, stored, piped, streamed, puts + gets + stored + piped)]
    return f"| {s.symbols} | {s.flush_seconds} s | {' | '.join(cells)} |"


def warehouse_hours(estimates: Estimates) -> str:
    """Return the table of the warehouse's hours by the cycle of the models."""
    rows = []
    for pause in CYCLES:
        share = awake(pause, estimates)
        hours = MONTH_HOURS * share
        rows.append(f"| {pause} s | {share:.0%} | {hours:,.0f} | ${hours * XS.value * CREDIT.value:,.0f} |")
    return "\n".join([WAREHOUSE.format(run=f"{estimates.run_seconds:g}"), *rows, WAREHOUSE_FOOT])


def awake(pause: float, estimates: Estimates) -> float:
    """Return the share of the time that a warehouse is billed for which runs the models every `pause` seconds."""
    return min(1.0, (estimates.run_seconds + AUTO_SUSPEND) / pause)


def ways(scenarios: list[Scenario], estimates: Estimates) -> str:
    """Return the table of all ways, side by side, for objects of a second."""
    rows = []
    for s in (each for each in scenarios if each.flush_seconds == 1):
        lake = s.objects * PUT.value + s.monthly_gb(s.packed_bytes) * STORED.value
        piped = s.monthly_gb(s.text_bytes) * SNOWPIPE.value * CREDIT.value
        looked = MONTH_HOURS * 3600 / estimates.list_seconds * PUT.value
        streamed = s.monthly_gb(s.values_bytes) * SNOWPIPE.value * CREDIT.value + looked
        trades = s.trades_per_second * MONTH_HOURS * 3600
        raw = s.monthly_gb(s.text_bytes) * estimates.raw_days / 30
        stored = (trades * estimates.silver_bytes / GB + raw) * STORED_THERE.value
        for name, way in (("files", s.objects * GET.value + piped), ("streaming", way_in(s, streamed))):
            for pause in CYCLES:
                hours = MONTH_HOURS * awake(pause, estimates) * XS.value * CREDIT.value
                rows.append(_way(s, f"Snowflake, {name}", f"{pause} s", lake, way, hours, stored))
        read = s.objects * GET.value + looked
        rows.append(_way(s, "DuckDB", "1 s", lake, read, 0, 0))
        silver = trades * estimates.silver_bytes / GB * STORED_THERE.value
        for pause in PUBLISHES:
            hours = MONTH_HOURS * awake(pause, estimates) * XS.value * CREDIT.value
            rows.append(_way(s, "DuckDB, sent to Snowflake", f"{pause} s", lake, read, hours, silver))
            rows.append(_way(s, "the same, lake in a folder", f"{pause} s", 0, 0, hours, silver))
    return "\n".join([WAYS, *rows, WAYS_FOOT.format(run=f"{estimates.run_seconds:g}", sum=_default(estimates))])


def way_in(s: Scenario, streamed: float) -> float:
    """Return dollars a month of the streaming way in: what Snowflake bills, LISTs and GETs of whoever streams."""
    return streamed + s.objects * GET.value


def _way(s: Scenario, name: str, pause: str, *dollars: float) -> str:
    cells = [f"${value:,.2f}" for value in (*dollars, sum(dollars))]
    return f"| {s.symbols} | {name} | {pause} | {' | '.join(cells)} |"


def _default(estimates: Estimates) -> str:
    """The warehouse's dollars a month at the default cycle."""
    return f"${MONTH_HOURS * awake(DEFAULT_CYCLE, estimates) * XS.value * CREDIT.value:,.0f}"


def latency() -> str:
    """Return the budget of seconds per hop."""
    files, streaming = (*TO_S3, *FILES, *TO_CHART), (*TO_S3, *STREAMING, *TO_CHART)
    rows = [_hop(hop) for hop in (*TO_S3, *FILES, *STREAMING, *TO_CHART)]
    sums = [_sum("with files", files), _sum("with streaming", streaming)]
    return "\n".join([LATENCY, *rows, *sums, LATENCY_FOOT])


def _hop(hop: Hop) -> str:
    return f"| {hop.name} | {_span(hop.low, hop.high)} | {hop.p99:g} s | {hop.known} |"


def _sum(name: str, hops: tuple[Hop, ...]) -> str:
    low, high, p99 = (sum(values) for values in zip(*((hop.low, hop.high, hop.p99) for hop in hops), strict=True))
    return f"| **on the chart, {name}** | **{_span(round(low), round(high))}** | **{p99:.0f} s** | sum |"


def _span(low: float, high: float) -> str:
    return f"{low:g} s" if low == high else f"{low:g}-{high:g} s"


def sources(rate: float, estimates: Estimates) -> str:
    """Return where every number is from."""
    rows = [f"| {price.value:g} | {price.unit} | {price.source} | {price.read} |" for price in PRICES]
    foot = SOURCES_FOOT.format(
        rate=f"{rate:.1f}", exponent=f"{estimates.rank_exponent:g}", run=f"{estimates.run_seconds:g}"
    )
    return "\n".join([SOURCES, *rows, foot])


def _in_micros(line: bytes, number: int) -> bytes:
    """Give the recording's milliseconds the digits that `timeUnit=MICROSECOND` sends today."""
    digits = b"%03d" % (number * 7919 % 1000)
    return _TIME.sub(rb'"\1":\g<2>' + digits, line)


HEAD = """\
# What it costs, and where the seconds go

Made by `python benchmarks/cost.py --recording FOLDER --write`. Bytes are measured on recorded trades, prices have
[sources](#sources), and what is an estimate is called one. One month is 730 hours. Taxes, discounts, data transfer
(none within a region) and the machine that the recorder runs on are left out.
"""
VOLUMES = """\
## Objects and bytes

One object per flush for all symbols of a recorder: the number of PUTs depends on the flush, not on the symbols. Trades
of several symbols are an *estimate* (see [sources](#sources)), bytes are measured. The last column is what Snowpipe
bills: text counts uncompressed, manifests too. With hundreds of symbols the manifest is a third of a 1 s object: a
longer flush, or shards, make it less.

| symbols | flush | trades/s | PUTs a month | mean object | in S3 a month | uncompressed |
| ---: | ---: | ---: | ---: | ---: | ---: | ---: |"""
BILLS = """\
## Dollars a month, without the warehouse

Storage is one month's objects kept for one month. Streaming is instead of Snowpipe, bills values without keys, and is
counted at Snowpipe's rate: its own rate is in Snowflake's consumption table, which was *not verified*. The sum is with
Snowpipe.

| symbols | flush | PUT | GET | storage | Snowpipe | (streaming) | sum |
| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"""
WAREHOUSE = """\
## The warehouse's hours

This is where the money goes. An X-Small that suspends after 60 s bills each run of the models and the minute after
it. A run of {run} s is an *estimate*: the models were never run on Snowflake here. Somebody who looks at the dashboard
keeps the warehouse awake, too, as long as trades come; when nobody looks, polling stops.

| `cycle_seconds` | awake | hours a month | dollars a month |
| ---: | ---: | ---: | ---: |"""
WAREHOUSE_FOOT = """
The `…_LIVE` views show trades that the models have not settled yet, so that a longer cycle costs no freshness on the
chart while somebody looks: they read RAW's tail, which grows with the cycle. Readers have a warehouse of their own,
which sleeps when nobody looks.
"""
WAYS = """\
## All ways, side by side

A month of 1 s objects. *Way in*: Snowpipe by uncompressed GB, or streaming by GB of values, with the GETs, and the
LIST a second (while trades come) of whoever looks for objects itself. *Compute*: the models' warehouse, above; with
DuckDB it is your own machine. *Stored there*: SILVER, and `raw_days` of RAW, in Snowflake, after one month
(*estimate*): tables are transient, without Fail-safe. Not in it: who reads. Automatic clustering: none, tables have no
clustering key. Cloud services are billed beyond 10% of the day's compute; `SHOW`, functions and compilations of a cycle
are there, and were never measured: METERING_HISTORY tells.

| symbols | models on | cycle | S3 | way in | compute | stored there | sum |
| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |"""
WAYS_FOOT = """
Under $100 for one symbol with models on Snowflake it is not, at the default: every resume of a warehouse bills a
minute at least, and it idles for another before it suspends, so twelve cycles an hour cost {sum} a month whatever is
in them. A cycle of an hour costs less than $30, and the live views show trades in seconds all the same. With DuckDB
the lake and the LISTs are all that is billed. `publish = "snowflake"` sends what DuckDB has computed every
`publish_seconds`, which wakes the warehouse for a minute or so each time: an hour by default, and less than $10 a month
for one symbol where it is six hours and the lake lies in a folder of yours. Nobody reads in that sum.

Snowflake's own ways, not built here: a *task* that is triggered by the stream runs at once with what has come, on a
warehouse with the same minute at least, or serverless, by the second at a rate of its own, which was *not verified*;
*dynamic tables* have a target lag of 60 s at least, and re-compute in SQL that cannot ask for a literal range first.
"""
LATENCY = """\
## Where the seconds go

From the trade at the exchange to the chart, `flush_seconds = 1`, dashboard on Snowflake polling every 5 s.

| hop | usual | p99 budget | how known |
| --- | ---: | ---: | --- |"""
LATENCY_FOOT = """
A settled GOLD row comes after RAW by the wait for the next cycle (at most `cycle_seconds`, 300 s by default) and a run
of the models (*estimate*: 10 s). Settled under a minute is `cycle_seconds = 30`: the warehouse never sleeps then.

So the promise of less than 60 s holds with files as long as notification and Snowpipe keep to what is usual: neither
AWS nor Snowflake gives a bound, and a slow minute of either breaks it. Streaming has 35 s to spare. Nothing is lost in
either case; it is late. `candlewick up` on one machine needs none of these hops.
"""
SOURCES = """\
## Sources

| value | unit | source | read |
| ---: | --- | --- | --- |"""
SOURCES_FOOT = """
"Secondary" is a page that quotes the vendor's price list, which was not at hand; check it before you decide by it.

- Trades a second of one symbol: {rate}, the mean of a real recording of BTCUSDT (2024-08-08 23:54 to 2024-08-09 00:05
  UTC, 19,904 trades). An active evening: a quiet day has less.
- Trades of several symbols, *estimate*: the symbol of rank k trades as often as BTCUSDT times k^-{exponent}.
- Bytes: those trades as raw lines with µs times, packed with the manifest of so many symbols (zstd level 3). All lines
  are BTCUSDT's, which compresses a little better than a mixture. Closed 1m klines (about 400 bytes a symbol and minute)
  are left out.
- A run of the models on Snowflake, *estimate*: {run} s.
- AWS, "Amazon S3 Event Notifications"; Snowflake, "Snowpipe", "Snowpipe costs", "Snowpipe Streaming: high-performance
  architecture", all read in November 2026 in stored copies of the vendors' pages.
"""

if __name__ == "__main__":
    main()
