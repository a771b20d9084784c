"""The front end's rooms: its imports run one way, told by the import lines of its TypeScript.

`tests/test_rooms.py` does the same for Python. A room is a folder of `frontend/src`, or a module that lies there alone.
"""

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

SOURCE = Path(__file__).parents[1] / "src/candlewick/dashboard/frontend/src"

# From the door to the ground: a room imports from floors below its own, and never from its own or from above.
FLOORS = (
    {"main"},
    {"streamlit", "bare"},
    {"page"},
    {"alerts", "compare", "drawings", "flow", "holes", "indicators", "lineage", "replay", "share"},
    {"desk"},
    {"ui"},
    {"state"},
    {"chart"},
    {"data"},
    {"zone", "format", "signal", "style"},
)
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
# The one arrow between features: lineage tells how a bar stands in the words of holes.
BETWEEN_FEATURES = {("lineage", "holes")}
AMBIENT = {"text.d.ts"}

_IMPORT = re.compile(r"""\bfrom\s*["']([^"']+)["']|\bimport\s*\(?\s*["']([^"']+)["']""")


def imported(text: str) -> Iterator[str]:
    """The modules that a TypeScript module names, types and style sheets included."""
    return (static or dynamic for static, dynamic in _IMPORT.findall(text))


def room_of(path: PurePosixPath) -> str:
    """`chart` for `chart/viewport.ts`, `zone` for `zone.ts`."""
    return path.parts[0] if len(path.parts) > 1 else path.name.split(".")[0]


def resolved(importer: PurePosixPath, module: str) -> PurePosixPath:
    """Where a relative import leads, from the source folder, with `..` taken out."""
    parts: list[str] = list(importer.parent.parts)
    for part in PurePosixPath(module).parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return PurePosixPath(*parts)


def against_the_arrows(importer: PurePosixPath, text: str) -> list[str]:
    """The imports of one module that run against the arrows."""
    here = room_of(importer)
    targets = [resolved(importer, module) for module in imported(text) if module.startswith(".")]
    wrong = [
        target
        for target in targets
        if (there := room_of(target)) != here and FLOOR[there] <= FLOOR[here] and (here, there) not in BETWEEN_FEATURES
    ]
    return [f"{importer} imports {target}" for target in wrong]


def modules() -> dict[PurePosixPath, str]:
    """Each module of the front end, by its path in the source folder."""
    paths = sorted(path for path in SOURCE.rglob("*.ts") if path.name not in AMBIENT)
    return {PurePosixPath(path.relative_to(SOURCE).as_posix()): path.read_text() for path in paths}


def test_every_room_of_the_front_end_is_on_a_floor() -> None:
    rooms = {room_of(path) for path in modules()}
    assert rooms == set(FLOOR), "a new room belongs on a floor: see docs/architecture.md"


def test_no_import_of_the_front_end_runs_against_the_arrows() -> None:
    assert [fault for path, text in modules().items() for fault in against_the_arrows(path, text)] == []


def test_modules_of_the_front_end_do_not_import_each_other_in_a_circle() -> None:
    graph = {
        path: {resolved(path, f"{module}.ts") for module in imported(text) if module.startswith(".")}
        for path, text in modules().items()
    }
    while leaves := [path for path, targets in graph.items() if not targets & graph.keys()]:
        for path in leaves:
            del graph[path]
    assert not graph, f"these modules import each other: {', '.join(map(str, graph))}"


@pytest.mark.parametrize(
    ("importer", "line"),
    [
        ("chart/chart.ts", 'import { Indicator } from "../indicators/indicator";'),
        ("data/feeder.ts", 'import type { Choice } from "../state/choice";'),
        ("holes/feature.ts", 'import { viewOf } from "../lineage/view";'),
        ("zone.ts", 'export { fixed } from "./format";'),
        ("style/theme.ts", 'import alerts from "../alerts/style.css";'),
        ("ui/header.ts", "const desk = await import('../desk/desk');"),
        ("page/cell.ts", 'import {\n  type A,\n  b,\n} from "../bare";'),
    ],
)
def test_an_import_against_the_arrows_is_found(importer: str, line: str) -> None:
    assert len(against_the_arrows(PurePosixPath(importer), line)) == 1


@pytest.mark.parametrize(
    ("importer", "line"),
    [
        ("main.ts", 'import { component } from "./streamlit";'),
        ("page/styles.ts", 'import alerts from "../alerts/style.css";'),
        ("lineage/lineage.ts", 'import type { Standing } from "../holes/proof";'),
        ("chart/chart.ts", 'import { Viewport } from "./viewport";'),
        ("chart/chart.ts", 'import type { Time } from "lightweight-charts";'),
    ],
)
def test_an_import_along_the_arrows_is_fine(importer: str, line: str) -> None:
    assert against_the_arrows(PurePosixPath(importer), line) == []
