"""What an installation weighs: packages, megabytes, seconds.

    python benchmarks/install.py [WHEEL]

The locked packages are installed into new environments, with a wheel of Candlewick (made where none is named): all of
them, what a machine needs that records only, and all with dbt. Megabytes are what the files take on the disk, without
bytecode. In each, a command is run that needs no more than what is there.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
UV = Path(sys.executable).with_name("uv")
KINDS = {
    "default": (["-r", str(ROOT / "requirements.lock")], ["up", "--help"]),
    "records only": (["-r", str(ROOT / "requirements-record.lock")], ["record", "--help"]),
    "with dbt": (["-r", str(ROOT / "requirements.lock"), "dbt-core==1.11.16", "dbt-duckdb==1.11.1"], ["up", "--help"]),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("wheel", type=Path, nargs="?")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wheel = options.wheel or built(Path(folder))
        for kind, (packages, command) in KINDS.items():
            environment = Path(folder, kind.replace(" ", "-"))
            seconds = installed(environment, packages, wheel)
            subprocess.run([environment / "bin/candlewick", *command], check=True, capture_output=True)
            count, size, largest = weight(environment)
            print(f"{kind}: {count} packages, {size / 1e6:.0f} MB, installed in {seconds:.0f} s; largest: {largest}")


def built(folder: Path) -> Path:
    """Make a wheel."""
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(folder)]
    subprocess.run([*build, str(ROOT)], check=True)
    return next(folder.glob("*.whl"))


def installed(environment: Path, packages: list[str], wheel: Path, python: str = sys.executable) -> float:
    """Make an environment of a Python; how many seconds it took."""
    started = time.monotonic()
    subprocess.run([python, "-m", "venv", "--without-pip", environment], check=True)
    install = [str(UV), "pip", "install", "--quiet", "--link-mode", "copy", "--python", str(environment / "bin/python")]
    subprocess.run([*install, *packages], check=True)
    subprocess.run([*install, "--no-deps", str(wheel)], check=True)
    return time.monotonic() - started


def weight(environment: Path) -> tuple[int, int, str]:
    """Return how many packages there are, the bytes that all files take, and which packages take most."""
    site = next(environment.glob("lib/python*/site-packages"))
    files = [path for path in site.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    by_top: dict[str, int] = {}
    for path in files:
        top = path.relative_to(site).parts[0].removesuffix(".libs").partition(".")[0].lstrip("_")
        by_top[top] = by_top.get(top, 0) + path.stat().st_blocks * 512
    largest = sorted(by_top, key=by_top.__getitem__, reverse=True)[:6]
    told = ", ".join(f"{name} {by_top[name] / 1e6:.0f}" for name in largest)
    return len(list(site.glob("*.dist-info"))), sum(by_top.values()), told


if __name__ == "__main__":
    main()
