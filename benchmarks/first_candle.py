"""From nothing to the first candle: how many seconds, three ways.

    python benchmarks/first_candle.py [WHEEL]

- *wheel*: the locked packages and a wheel into a new environment, then `candlewick up --demo` in an empty folder, with
  a PATH on which there is neither git nor Node nor make;
- *clone*: a clone of this repository, then `make demo`;
- *container*: what the image's steps do, then the same command as a user without rights, who can write to the data
  folder and nowhere else (asks for root, to become that user).

The packages come from the installer's cache where it has them. A candle is there when the dashboard answers with one.
"""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from install import ROOT, built, installed, weight

NOBODY = 10_001
LONGEST = 300.0
LOCKED = ["-r", str(ROOT / "requirements.lock")]


def main() -> None:
    """Run the three ways, one after the other."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("wheel", type=Path, nargs="?")
    parser.add_argument("--python", default=sys.executable, help="of the environment; one that every user may run")
    options = parser.parse_args()
    if os.geteuid() == 0:
        try:
            subprocess.run([options.python, "-c", ""], user=NOBODY, check=True)
        except PermissionError:
            parser.error(
                f"{options.python}: not every user may run it; name one with --python, such as /usr/bin/python3"
            )
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        home.chmod(0o755)
        environment = home / "environment"
        seconds = installed(environment, LOCKED, options.wheel or built(home), options.python)
        count, size, _ = weight(environment)
        print(f"installed {count} packages, {size / 1e6:.0f} MB, in {seconds:.0f} s")
        command = [str(environment / "bin" / "candlewick"), "up", "--demo", "--no-browser"]
        bare = {"PATH": str(environment / "bin"), "HOME": str(home)}
        print(f"wheel      first candle after {first_candle(command, made(home / 'wheel'), bare):.0f} s")
        print(f"clone      first candle after {cloned(home / 'clone'):.0f} s, its installation included")
        if os.geteuid() == 0:
            print(f"container  first candle after {confined(command, home, bare):.0f} s")


def made(folder: Path) -> Path:
    """Make a folder."""
    folder.mkdir()
    return folder


def confined(command: Sequence[str], home: Path, environment: Mapping[str, str]) -> float:
    """Compile what is installed, as the image does, and run it as somebody who may write to one folder only."""
    subprocess.run(
        [str(home / "environment/bin/python"), "-m", "compileall", "-q", home / "environment/lib"], check=True
    )
    data = made(home / "data")
    os.chown(data, NOBODY, NOBODY)
    told = {**environment, "HOME": str(data), "PYTHONDONTWRITEBYTECODE": "1"}
    return first_candle(command, data, told, user=NOBODY)


def cloned(folder: Path) -> float:
    """Clone the repository and run its demo."""
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    return first_candle(["make", "demo"], folder, dict(os.environ))


def first_candle(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], *, user: int | None = None
) -> float:
    """Run a demo until its dashboard has a candle; how many seconds that took. Raises `RuntimeError` with its log."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    told = {**environment, "CANDLEWICK_DASHBOARD__PORT": str(port)}
    began = time.monotonic()
    with (folder / "demo.log").open("wb") as log:
        demo = subprocess.Popen(
            command, cwd=folder, env=told, stdout=log, stderr=log, user=user, group=user, start_new_session=True
        )
        try:
            while not has_candle(port):
                if demo.poll() is not None or time.monotonic() - began > LONGEST:
                    raise RuntimeError((folder / "demo.log").read_text()[-3_000:])
                time.sleep(0.1)
            return time.monotonic() - began
        finally:
            os.killpg(demo.pid, signal.SIGINT)
            demo.wait()


def has_candle(port: int) -> bool:
    """Whether the dashboard answers with a candle."""
    url = f"http://127.0.0.1:{port}/api/candles?symbol=BTCDEMO&timeframe=1m&limit=1"
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return any(len(column) > 0 for column in json.load(answer).values() if isinstance(column, list))
    except (urllib.error.URLError, OSError, ValueError):
        return False


if __name__ == "__main__":
    main()
