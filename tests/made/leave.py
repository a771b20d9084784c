"""Leave on a disk what this version leaves of all that it keeps, for later ones to open (`tests/e2e/test_upgrade.py`).

    cd tests && python -m made.leave made/version_0_1_0_sealed.tar.xz

The real commands, against the local exchange: a day that is sealed and signed, a recording of some seconds with its
checkpoint and lease, both in warehouse and mart, which read the day from its file; a user, and what the dashboard
keeps: an alert, a watchlist and a drawing. Minutes of work, once for each version that has other formats.
"""

import argparse
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from candlewick.config import load
from candlewick.dashboard.alerts.alert import Alert
from candlewick.dashboard.alerts.book import AlertBook
from candlewick.dashboard.keeping.drawings import Drawings
from candlewick.dashboard.keeping.layouts import Layouts
from candlewick.fake_binance.server.background import BackgroundExchange
from candlewick.fake_binance.server.options import ExchangeOptions
from candlewick.process import heartbeat
from e2e.stack import wait_until

SYMBOL = "BTCDEMO"
DAY = datetime.now(UTC).date() - timedelta(days=2)
MARKET = {"symbols": (SYMBOL, "ETHDEMO=0.5"), "rate": 0.004, "history": timedelta(days=4)}
CONFIG = """symbols = ["BTCDEMO", "ETHDEMO"]
data = "data"
prefix = "demo"
timezone = "UTC"
history = "30s"
candles = 0
[exchange]
streams = ["{ws}"]
rest = ["{http}"]
archive = "{http}"
[feed]
port = 0
[retention]
raw = "1h"
silver = "1h"
"""


def main() -> None:
    """Make the file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("out", type=Path)
    out = parser.parse_args().out.absolute()
    with (
        tempfile.TemporaryDirectory() as folder,
        BackgroundExchange(ExchangeOptions(port=0, weight_limit=1_000_000, **MARKET)) as background,
    ):
        home, url = Path(folder), background.exchange.rest_url
        (home / "candlewick.toml").write_text(CONFIG.format(http=url, ws=url.replace("http", "ws")))
        leave(home)
        with tarfile.open(out, "w:xz", preset=9) as archive:
            for path in sorted(home.iterdir()):
                archive.add(path, path.name, filter=nobodys)
    print(f"{out}: {out.stat().st_size / 1e3:.0f} kB")


def leave(home: Path) -> None:
    """Run the commands, and keep what people keep."""
    settings = load(home / "candlewick.toml")
    run(home, "backfill", SYMBOL, "--from", str(DAY), "--to", str(DAY), "--yes")
    run(home, "seal", "--day", str(DAY))
    run(home, "seal", "--due")
    run_until(home, "record", lambda: (heartbeat.read(settings.run_path, "recorder") or {}).get("objects", 0) > 5)
    run(home, "rebuild")
    run(home, "warehouse", "--once")
    run(home, "user", "add", "ann", "--role", "analyst", "--password-stdin", input="a long enough password\n")
    book = AlertBook(settings.alerts_path)
    book.put(Alert(id="1", kind="above", symbol=SYMBOL, level="1000000"))
    book.close()
    Layouts(settings.layouts_path).put("ann", "watchlist", "mine", {"symbols": [SYMBOL]})
    Drawings(settings.drawings_path).change("ann", SYMBOL, {"1": {"tool": "line"}}, [])
    for gone in ("run", "logs"):
        subprocess.run(["rm", "-rf", str(home / "data" / gone)], check=True)


def run_until(home: Path, command: str, condition: Callable[[], bool]) -> None:
    """Run a process until something is so."""
    process = subprocess.Popen([sys.executable, "-m", "candlewick", command], cwd=home, stderr=subprocess.DEVNULL)
    wait_until(condition, command, 600)
    process.terminate()
    process.wait()


def run(home: Path, *arguments: str, input: str = "") -> None:
    """Run a command to its end."""
    command = [sys.executable, "-m", "candlewick", *arguments]
    done = subprocess.run(command, cwd=home, input=input, env=os.environ, capture_output=True, text=True, check=False)
    print(json.dumps([*arguments]), done.stdout.strip(), done.stderr.strip()[-300:])
    done.check_returncode()


def nobodys(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """A file of nobody in particular."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


if __name__ == "__main__":
    main()
