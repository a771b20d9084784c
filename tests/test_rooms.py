"""The arrows between the rooms of the source: a room imports rooms below its own floor, and the pure ones do no I/O."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "candlewick"
FLOORS = (
    ("__main__",),
    ("cli",),
    ("dashboard", "supervisor"),
    ("recorder", "backfill", "audit", "seal", "setup", "status", "api"),
    ("tape", "warehouse"),
    ("binance", "lake", "mart", "fake_binance"),
    ("config", "process", "trade"),
    ("spans", "moments", "errors", "version"),
)
FLOOR_OF = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
HOMES = ("warehouse.duckdb", "warehouse.snowflake")
OF_SNOWFLAKE = ("cli.setup", "setup")
"""What sets Snowflake up talks to it."""
IO = {"aiohttp", "asyncio", "duckdb", "obstore", "os", "picows", "socket", "subprocess", "threading", "urllib"}
PURE = (
    "spans",
    "errors",
    "trade",
    "binance.twins",
    "lake.names",
    "lake.manifest",
    "lake.batch",
    "dashboard.alerts.alert",
    "dashboard.alerts.progress",
    "recorder.sequencer",
    "recorder.numbering",
    "recorder.ring",
    "tape.coverage",
    "mart.version",
    "seal.certificate",
    "lake.sealed.day",
    "lake.sealed.file",
    "lake.sealed.lines",
    "seal.merkle",
    "seal.minutes",
    "seal.verify",
    "mart.periods",
    "warehouse.flow.levels",
    "warehouse.flow.statements",
    "warehouse.flow.verdict",
    "warehouse.pace",
    "process.backoff",
    "warehouse.targets",
)


def imports(source: str) -> Iterator[str]:
    """Every module that a file imports, wherever in it; of Candlewick's own, the part after `candlewick.`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def own(source: str) -> Iterator[str]:
    return (name.removeprefix("candlewick.") for name in imports(source) if name.startswith("candlewick."))


def is_within(name: str, room: str) -> bool:
    return name == room or name.startswith(f"{room}.")


def wrong_arrows(module: str, source: str) -> list[str]:
    """The imports of a module that no arrow allows, each with the reason."""
    room = module.partition(".")[0]
    wrong = []
    for name in own(source):
        other = name.partition(".")[0]
        if other == room or other not in FLOOR_OF:  # `from candlewick import candles`: the package's own front
            other_home = next((home for home in HOMES if is_within(name, home)), None)
            own_home = next((home for home in HOMES if is_within(module, home)), None)
            if other_home and other_home != own_home and module != "warehouse.home":
                wrong.append(f"{module} imports {name}: only warehouse.home knows that there are two homes")
        elif FLOOR_OF[other] <= FLOOR_OF[room]:
            wrong.append(f"{module} imports {name}: {other} is not below {room}")
        elif any(is_within(name, home) for home in HOMES) and not _sets_up(module, name):
            wrong.append(f"{module} imports {name}: ask warehouse.home")
    return wrong


def _sets_up(module: str, name: str) -> bool:
    return is_within(name, "warehouse.snowflake") and any(is_within(module, each) for each in OF_SNOWFLAKE)


MADE = {"__pycache__", "pyproject.toml"}
"""What a build makes, and nobody commits."""

MODULES = {
    ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__"): path.read_text()
    for path in sorted(SOURCE.rglob("*.py"))
    if "node_modules" not in path.parts
}


def test_every_import_goes_to_a_room_below() -> None:
    assert [
        arrow for module, source in MODULES.items() if module != "__init__" for arrow in wrong_arrows(module, source)
    ] == []


def test_every_room_has_a_floor() -> None:
    assert {module.partition(".")[0] for module in MODULES} - {"__init__"} <= set(FLOOR_OF)


@pytest.mark.parametrize("module", PURE)
def test_a_pure_module_imports_nothing_that_does_input_or_output(module: str) -> None:
    assert {name.partition(".")[0] for name in imports(MODULES[module])} & IO == set()


def test_the_hall_stays_small() -> None:
    entries = [path for path in SOURCE.iterdir() if path.name not in MADE]
    assert len(entries) <= 27, sorted(path.name for path in entries)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("lake.objects", "from candlewick.tape.writer import Writer"),
        ("warehouse.duckdb.file", "from candlewick.warehouse.snowflake import owner"),
        ("audit.verdict", "def f():\n    from candlewick.backfill import job"),
        ("status", "from candlewick.warehouse.duckdb.file import Warehouse"),
        ("spans", "import candlewick.moments"),
    ],
)
def test_an_arrow_that_runs_up_is_found(module: str, source: str) -> None:
    assert len(wrong_arrows(module, source)) == 1
