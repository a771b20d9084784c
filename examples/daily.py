"""A day of a symbol, filled, loaded and audited by Candlewick's commands: for cron, and for the schedulers' files.

python daily.py BTCUSDT 2026-11-26 [candlewick.toml]
"""

import json
import subprocess
import sys
from typing import Any


def candlewick(*arguments: str, config: str = "candlewick.toml", may_be: tuple[int, ...] = (0,)) -> Any:  # noqa: ANN401 - as the command's schema says
    """Run a command and return what it tells programs. Raises `RuntimeError` with its own line where it fails."""
    command = [sys.executable, "-m", "candlewick", *arguments, "--json", "--config", config]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in may_be:
        raise RuntimeError(f"candlewick {arguments[0]}: {done.stderr.strip() or done.stdout.strip()}")
    return json.loads(done.stdout)


def fill(symbol: str, day: str, config: str = "candlewick.toml") -> int:
    """Fetch a day that is over; returns how many trades were new. A second time there are none."""
    return int(candlewick("backfill", symbol, "--from", day, "--to", day, config=config)["trades"])


def load(config: str = "candlewick.toml") -> int | None:
    """Load what is new in the lake; returns the mart's version. Not where `candlewick warehouse` runs anyway."""
    version: int | None = candlewick("warehouse", "--once", config=config)["version"]
    return version


def prove(symbol: str, day: str, config: str = "candlewick.toml") -> dict[str, int]:
    """Return the audit's verdicts since the day began. Raises `RuntimeError` where not all is well."""
    told = candlewick("audit", "--since", day, config=config, may_be=(0, 1))
    verdict: dict[str, int] = told["symbols"][symbol]
    if not told["is_good"]:
        raise RuntimeError(f"{symbol} since {day}: {verdict['mismatch']} mismatches, {verdict['hole_ids']} ids missing")
    return verdict


if __name__ == "__main__":
    symbol, day, *rest = sys.argv[1:]
    new, version = fill(symbol, day, *rest), load(*rest)
    print(f"{new} new trades, version {version} of the mart, {prove(symbol, day, *rest)['match']} candles match")
