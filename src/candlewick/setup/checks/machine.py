"""What the machine has to offer: Python, packages, disk, ports."""

import os
import platform
import resource
import secrets
import shutil
import socket
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from candlewick.config import Settings
from candlewick.process import heartbeat
from candlewick.process.disk import in_words
from candlewick.process.files import flush
from candlewick.setup.checks.answers import Check, Found

WAREHOUSE_PACKAGES = ("duckdb", "pyarrow", "numpy", "streamlit")
EXTRAS = {"aws": "boto3", "snowflake": "snowflake", "dbt": "dbt", "proof": "cryptography", "login": "authlib"}
TOLD = ("picows", "obstore", "duckdb", "pyarrow", "streamlit")
LEAST_FREE = 2_000_000_000
SLOWEST_BYTES_A_SECOND = 5_000_000
SLOWEST_FLUSH_SECONDS = 0.25
WRITTEN = 32 * 2**20
FLUSHES = 15
FILES = 1_024


def checks(settings: Settings) -> list[Check]:
    """All that is asked of this machine; files are written into the data folder, and removed."""
    ports = {"feed": (settings.feed.host, settings.feed.port, "recorder")}
    ports["dashboard"] = (settings.dashboard.host, settings.dashboard.port, "dashboard")
    if settings.probe.port:
        ports["probe"] = (settings.probe.host, settings.probe.port, "warehouse")
    return [
        ("Python", _python),
        ("packages", lambda: _packages(settings)),
        ("open files", _open_files),
        ("data folder", lambda: _folder(settings.data)),
        ("disk space", lambda: _space(settings.data)),
        ("disk speed", lambda: _speed(settings.data)),
        ("fsync", lambda: _fsync(settings.data)),
        *((f"port of the {name}", lambda place=place: _port(settings, *place)) for name, place in ports.items()),
    ]


def _python() -> Found:
    return "ok", f"{platform.python_version()} on {platform.system()} {platform.machine()}"


def _packages(settings: Settings) -> Found:
    extras = [extra for extra, module in EXTRAS.items() if find_spec(module) is not None]
    told = ", ".join([*(f"{name} {found}" for name in TOLD if (found := _version(name))), *(f"[{e}]" for e in extras)])
    wanted = {"snowflake"} if settings.warehouse == "snowflake" else set()
    wanted |= {"aws"} if settings.s3.profile or settings.s3.role_arn else set()
    wanted |= {"login"} if settings.dashboard.auth == "oidc" else set()
    if missing := sorted(wanted - {*extras}):
        return "wrong", f"the settings need the extra {', '.join(missing)}", f"pip install 'candlewick[{missing[0]}]'"
    if absent := [name for name in WAREHOUSE_PACKAGES if find_spec(name) is None]:
        return "unknown", f"{told}; without {', '.join(absent)} this machine records only", "pip install candlewick"
    return "ok", told


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _open_files() -> Found:
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most < FILES:
        return "wrong", f"a process may have {most} open", f"ulimit -n {FILES}, or LimitNOFILE={FILES} in the unit"
    return "ok", f"a process may have {most:,} open"


def _folder(data: Path) -> Found:
    """Whether it is ours to write, and nobody else's."""
    place = _existing(data)
    if not os.access(place, os.W_OK | os.X_OK):
        return "wrong", f"{place} cannot be written by user {os.geteuid()}", "set `data` to a folder of yours"
    if not data.exists():
        return "ok", f"{data.absolute()} will be made"
    mode = data.stat().st_mode & 0o777
    if mode & 0o002:
        return "wrong", f"{data.absolute()} can be written by everybody (mode {mode:o})", f"chmod o-w {data.absolute()}"
    return "ok", f"{data.absolute()}, mode {mode:o}"


def _space(data: Path) -> Found:
    free = shutil.disk_usage(_existing(data)).free
    if free < LEAST_FREE:
        return "wrong", f"{in_words(free)} are free", "make room: a busy symbol takes some 100 MB a day"
    return "ok", f"{in_words(free)} are free"


def _speed(data: Path) -> Found:
    block = secrets.token_bytes(2**20)
    with _scratch(data) as file:
        started = time.monotonic()
        for _ in range(WRITTEN // len(block)):
            os.write(file, block)
        flush(file)
        speed = WRITTEN / (time.monotonic() - started)
    if speed < SLOWEST_BYTES_A_SECOND:
        return "wrong", f"{in_words(speed)} a second", "the warehouse needs a faster disk; the recorder alone does not"
    return "ok", f"{in_words(speed)} a second"


def _fsync(data: Path) -> Found:
    took = []
    with _scratch(data) as file:
        for _ in range(FLUSHES):
            started = time.monotonic()
            os.write(file, b"candlewick\n")
            flush(file)
            took.append(time.monotonic() - started)
    usual, longest = statistics.median(took), max(took)
    told = f"{usual * 1e3:.2f} ms, at most {longest * 1e3:.1f} ms"
    if usual > SLOWEST_FLUSH_SECONDS:
        return "wrong", told, "an object takes two of these: raise `flush_seconds`, or use another disk"
    return "ok", told


def _port(settings: Settings, host: str, port: int, process: str) -> Found:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            beat = heartbeat.read(settings.run_path, process)
            if beat is not None and heartbeat.is_alive(beat):
                return "ok", f"{host}:{port}, the {process} that runs has it"
            return "wrong", f"{host}:{port}: {os.strerror(error.errno or 0).lower()}", "set another port"
    return "ok", f"{host}:{port} is free"


def _existing(path: Path) -> Path:
    """The path, or what is there of it."""
    path = path.absolute()
    return path if path.exists() else _existing(path.parent)


@contextmanager
def _scratch(data: Path) -> Iterator[int]:
    """Open a file on the disk of the data folder and remove it."""
    path = _existing(data) / f".candlewick-doctor-{secrets.token_hex(4)}"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
        path.unlink()
