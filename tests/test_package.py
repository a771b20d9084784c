"""What a package index is told, and what the README shows at a terminal's usual width."""

import re
import shlex
import tomllib
from datetime import datetime
from pathlib import Path

import pytest
from hatchling.metadata.core import ProjectMetadata
from hatchling.plugin.manager import PluginManager
from typer.testing import CliRunner

from candlewick.cli import app
from candlewick.mart.version import CANDLES
from candlewick.warehouse import compiling
from warehouse.small_mart import SmallMart

ROOT = Path(__file__).parent.parent
URL = "https://git.example/candlewick"
LOCKS = ("requirements-record", "requirements")
BESIDE = re.compile(r"\]\((?!https?:|#)[^)]*\)")


@pytest.fixture
def metadata(monkeypatch, request):
    monkeypatch.setenv("CANDLEWICK_PROJECT_URL", request.param)
    return ProjectMetadata(str(ROOT), PluginManager()).core


@pytest.mark.parametrize("metadata", [URL, f"{URL}/"], indirect=True)
def test_pictures_and_links_of_the_description_are_the_projects(metadata):
    assert f"]({URL}/raw/HEAD/docs/img/chart-dark.png)" in metadata.readme
    assert f"]({URL}/blob/HEAD/docs/guarantees.md)" in metadata.readme
    assert not BESIDE.search(metadata.readme)
    named = re.findall(rf"\]\({URL}/(?:raw|blob)/HEAD/([^)#]*)", metadata.readme) + [
        url.removeprefix(f"{URL}/blob/HEAD/") for url in metadata.urls.values() if url != URL
    ]
    assert len(named) > 20 and [path for path in named if not (ROOT / path).exists()] == []
    assert metadata.urls["Source"] == URL


@pytest.mark.parametrize("metadata", [""], indirect=True)
def test_where_the_project_has_no_address_nothing_of_its_description_is_broken(metadata):
    assert not BESIDE.search(metadata.readme) and "![" not in metadata.readme
    assert "`crash_matrix.py`" in metadata.readme
    assert metadata.urls == {}
    assert "Programming Language :: Python :: 3.13" in metadata.classifiers


def test_the_readmes_example_of_sql_fits_into_80_columns_and_the_tables_are_listed(tmp_path):
    mart = SmallMart.make(tmp_path)
    for minute in range(0, 20, 5):
        mart.put_candle(datetime(2024, 8, 8, 12, minute), 61_837, table=CANDLES["5m"])
    mart.publisher().publish()
    (tmp_path / "candlewick.toml").write_text('data = "."\n')
    line = next(line for line in (ROOT / "README.md").read_text().splitlines() if line.startswith("candlewick sql "))
    shown = CliRunner().invoke(app, [*shlex.split(line)[1:], "--config", str(tmp_path / "candlewick.toml")])
    assert shown.exit_code == 0
    assert max(map(len, shown.output.splitlines())) <= 80
    columns = re.search(r"select (.*) from", line)
    assert columns and all(name in shown.output for name in columns[1].split(", "))
    assert "…" not in shown.output and shown.output.count("2024-08-08 12:") == 3
    config = ["--config", str(tmp_path / "candlewick.toml")]
    listed = CliRunner().invoke(app, ["sql", "show tables", "-o", "csv", *config])
    assert {"trades_ohlc_5m", "candle_audit", "tape_gaps", "trades_deduped"} <= {*listed.output.split()}


def test_each_test_and_script_that_the_guarantees_name_is_there():
    text = (ROOT / "docs/guarantees.md").read_text()
    named = set(re.findall(r"(?:tests|benchmarks)/[\w/]+(?:\.py)?", text))
    assert len(named) > 60 and sorted(path for path in named if not (ROOT / path).exists()) == []


def test_make_bench_knows_every_script_that_runs_alone():
    children = {"bare", "bare_archive", "peer", "wire"}  # which another one runs
    alone = {path.stem for path in (ROOT / "benchmarks").glob("*.py") if '"__main__"' in path.read_text()} - children
    makefile = (ROOT / "Makefile").read_text()
    minutes, longer = (re.search(rf"(?m)^{name} := (.*)$", makefile)[1].split() for name in ("BENCH", "LONGER"))  # type: ignore[index]
    assert sorted(minutes + longer) == sorted(alone)


def test_the_models_compile_to_what_comes_with_the_package():
    """Where this fails, somebody changed a model: `python -m candlewick.warehouse.compiling` (20 s)."""
    for kind in compiling.KINDS:
        assert compiling.shipped(kind).read_text().partition("\n")[0] == compiling.digest()


def test_a_recorders_packages_are_the_first_of_all_and_of_the_same_versions():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    recorder, all_of_them = project["dependency-groups"]["record"], project["project"]["dependencies"]
    assert recorder == all_of_them[: len(recorder)]
    pins = [set(re.findall(r"(?m)^[a-z].*==[^ ]*", (ROOT / f"{lock}.lock").read_text())) for lock in LOCKS]
    assert pins[0] <= pins[1] and len(pins[0]) < 40 < len(pins[1])
