"""What is installed suffices for what it is for: environments that have the locked packages, and no other ones."""

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

import candlewick
from e2e.stack import Stack, wait_until

ROOT = Path(__file__).parents[2]
SOURCES = Path(candlewick.__file__).parents[1]


def packages_of(lock: str) -> list[metadata.Distribution]:
    """The packages of a lock, as they are installed here; those of other platforms and Pythons are not."""
    names = dict.fromkeys(re.findall(r"(?m)^([a-z0-9.-]+)==", (ROOT / lock).read_text()))
    here = {found.name.lower().replace("_", "-").replace(".", "-"): found for found in metadata.distributions()}
    return [here[name] for name in names if name in here]


def environment_of(folder: Path, packages: Iterable[metadata.Distribution]) -> Path:
    """Make an environment of links to packages, and to Candlewick's sources; returns its Python."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    site = next(folder.glob("lib/python*/site-packages"))
    for package in packages:
        for top in {Path(str(file)).parts[0] for file in package.files or [] if not str(file).startswith("..")}:
            if not (site / top).exists():
                (site / top).symlink_to(Path(str(package.locate_file(top))))
    (site / "candlewick.pth").write_text(f"{SOURCES}\n")
    return folder / "bin/python"


def weight(packages: Iterable[metadata.Distribution]) -> float:
    """Megabytes on the disk, without bytecode."""
    files = (Path(str(package.locate_file(file))) for package in packages for file in package.files or [])
    return sum(file.stat().st_blocks * 512 for file in files if file.suffix != ".pyc" and file.exists()) / 1e6


def ask(python: Path, *arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    command = [str(python), "-m", "candlewick", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, check=False)


def test_33_packages_record_and_the_default_ones_make_candles_of_it_without_dbt(tmp_path, monkeypatch):
    recorder_packages, packages = packages_of("requirements-record.lock"), packages_of("requirements.lock")
    assert len(recorder_packages) < 40 and weight(recorder_packages) < 60, weight(recorder_packages)
    assert len(packages) < 70 and weight(packages) < 530, weight(packages)
    recorder = environment_of(tmp_path / "recorder", recorder_packages)
    warehouse = environment_of(tmp_path / "warehouse", packages)
    monkeypatch.setenv("PYTHONPATH", "")
    stack = Stack(tmp_path / "home", symbols=("BTCDEMO",), history="1m").write_config()
    try:
        stack.start_exchange()
        stack.python = recorder
        stack.start_recorder()
        wait_until(lambda: stack.beat("recorder").get("objects", 0) > 2, "objects in the lake")
    finally:
        stack.stop()
    refused = ask(recorder, "warehouse", "--once", cwd=stack.home)
    assert refused.returncode == 2 and refused.stderr.count("\n") == 1
    assert re.match(r"error this needs \w+, and here is what a recorder needs: pip install candlewick$", refused.stderr)
    asked = ask(recorder, "doctor", "--json", cwd=stack.home)
    found = {each["what"]: each for each in json.loads(asked.stdout)["answers"]}
    assert "this machine records only" in found["packages"]["text"] and found["checkpoint"]["state"] == "ok"
    assert any(what.startswith("REST ") for what in found), "it goes on to the exchange"
    assert subprocess.run([warehouse, "-c", "import dbt"], capture_output=True, check=False).returncode == 1
    made = ask(warehouse, "warehouse", "--once", cwd=stack.home)
    assert made.returncode == 0 and re.match(r"Published version \d+, newest trade ", made.stdout), made.stderr
    assert stack.trades() > 0 and stack.rows("select count(*) from gold.trades_ohlc_1s") != [(0,)]
