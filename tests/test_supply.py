"""Whatever is fetched to build, run or test is pinned by its hash, no address of an index stands in a lock, and the
bill of materials names all of it."""

import importlib.util
import json
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
LOCKS = sorted(ROOT.glob("requirements*.lock"))
NPM_LOCK = ROOT / "src/candlewick/dashboard/frontend/package-lock.json"
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def pinned(lock: Path) -> dict[str, str]:
    """Every package of a lock, with the rest of what is said of it."""
    entries = re.split(r"(?m)^(?=\S)", lock.read_text())
    return {entry.partition("==")[0]: entry for entry in entries if entry.strip()}


def module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


@pytest.fixture(scope="module")
def bill() -> dict[str, Any]:
    told: dict[str, Any] = json.loads(module(ROOT / "scripts/bom.py").written())
    return told


def test_there_is_a_lock_for_each_purpose() -> None:
    assert [lock.stem for lock in LOCKS] == [
        "requirements-build", "requirements-dev", "requirements-lint-sql", "requirements-node", "requirements-record",
        "requirements-release", "requirements",
    ]  # fmt: skip


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_each_package_is_pinned_by_hash_and_no_index_is_named(lock: Path) -> None:
    packages = pinned(lock)
    assert packages
    for name, entry in packages.items():
        assert re.match(r"[a-z0-9.-]+==\d", entry) and "--hash=sha256:" in entry, name
    assert not re.search(r"://|--index|--find-links|^-i ", lock.read_text(), re.MULTILINE)


def test_each_package_of_the_chart_is_pinned_by_hash_and_no_registry_is_named() -> None:
    packages = json.loads(NPM_LOCK.read_text())["packages"]
    for name, package in packages.items():
        assert not name or package["integrity"].startswith("sha512-"), name
        assert "resolved" not in package, name
    assert "://" not in re.sub(r'"(url|funding)": "[^"]*"', "", NPM_LOCK.read_text())


def test_what_the_build_asks_for_is_what_its_lock_has() -> None:
    hook, groups = module(ROOT / "hatch_build.py"), PYPROJECT["dependency-groups"]
    assert set(PYPROJECT["build-system"]["requires"]) <= set(groups["build"])
    assert hook.BOM_PACKAGE in groups["build"]
    assert groups["node"] == [hook.NODE_PACKAGE]
    for kind in ("build", "node"):
        locked = pinned(ROOT / f"requirements-{kind}.lock")
        for wanted in map(Requirement, groups[kind]):
            version = locked[canonicalize_name(wanted.name)].partition("==")[2].split()[0]
            assert wanted.specifier.contains(version), wanted


def test_an_environment_is_made_of_hashed_files_alone() -> None:
    lines = (ROOT / "scripts/venv.sh").read_text().replace("\\\n", " ").splitlines()
    installs = [line for line in lines if re.search(r'"\$\{install\[@\]\}"|uv pip install', line)]
    assert len(installs) == 5
    assert all(("--require-hashes" in line) != ("--no-deps --no-build-isolation" in line) for line in installs)
    tools = (ROOT / "scripts/tools.sh").read_text().replace("\\\n", " ").splitlines()
    assert ["--require-hashes" in line for line in tools if "pip install" in line] == [True]


def test_the_bill_of_materials_is_what_the_standard_says(bill: dict[str, Any]) -> None:
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(bill)) is None
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(bill | {"components": [{}]})) is not None


def test_the_bill_names_all_that_is_installed_with_candlewick(bill: dict[str, Any]) -> None:
    """Asked of what is installed here, not of the lock that the bill is made of."""
    reached: set[str] = set()
    waiting = [Requirement(text) for text in metadata.requires("candlewick") or []]
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        if name not in reached and (wanted.marker is None or wanted.marker.evaluate({"extra": ""})):
            reached.add(name)
            waiting += [Requirement(text) for text in metadata.requires(name) or []]
    listed = {part["purl"].partition("@")[0] for part in bill["components"]}
    assert len(reached) > 50
    assert {f"pkg:pypi/{name}" for name in reached} <= listed
    scopes = {part["name"]: part["scope"] for part in bill["components"] if part["purl"].startswith("pkg:npm")}
    assert (scopes["lightweight-charts"], scopes["fancy-canvas"], scopes["esbuild"]) == ("required",) * 2 + (
        "excluded",
    )


@pytest.mark.slow
def test_the_wheel_carries_its_bill(bill: dict[str, Any], tmp_path: Path) -> None:
    build = (sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", tmp_path, ROOT)
    subprocess.run(build, check=True, capture_output=True, timeout=280)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        carried = next(name for name in wheel.namelist() if ".dist-info/sboms/" in name)
        assert json.loads(wheel.read(carried)) == bill
