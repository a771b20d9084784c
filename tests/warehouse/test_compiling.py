"""What the models compile to comes with the package; of changed ones it is asked of dbt once."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from candlewick.errors import ModelError
from candlewick.warehouse import compiling
from candlewick.warehouse.compiled import Compiled, Program, encode
from candlewick.warehouse.compiling import KINDS, program

MODEL = Compiled(
    name="trades",
    relation="silver.trades",
    columns={"symbol": "varchar", "price": "decimal(38, 8)"},
    keys=("symbol",),
    sql="select 1 where loaded_at > $since(loaded_at)",
    inputs=("copies",),
    reads_raw=False,
    is_audit=False,
    is_append=False,
    is_whole=False,
)
KEPT = Program([MODEL], "select 2", "select 3", "select 4")


@pytest.fixture
def changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Models that somebody has changed, and a user's cache of no content; nothing is remembered of others."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(compiling, "digest", lambda: "0123")
    compiling._program.cache_clear()
    yield tmp_path / "cache" / "candlewick"
    compiling._program.cache_clear()


def keep(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "models-duckdb-0123.json").write_bytes(encode(KEPT))


@pytest.mark.parametrize("place", ["cache/candlewick", "data"])
def test_of_changed_models_what_is_kept_is_taken_from_the_users_cache_or_from_beside_the_warehouse(
    changed, tmp_path, place
):
    keep(tmp_path / place)
    assert program("duckdb", "UTC", tmp_path / "data") == KEPT


def test_why_there_is_none_is_one_line(changed, tmp_path, monkeypatch):
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho Traceback >&2; echo No module named dbt >&2; exit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(broken))
    with pytest.raises(ModelError, match=r"^the models could not be compiled: No module named dbt$"):
        program("duckdb", "Asia/Kolkata", tmp_path)
    monkeypatch.setattr(compiling, "find_spec", lambda _: None)
    with pytest.raises(ModelError, match=r"changed the models, and dbt is needed: pip install 'candlewick\[dbt\]'$"):
        program("duckdb", "Asia/Kolkata", tmp_path)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", KINDS)
def test_what_comes_with_the_package_is_what_dbt_says_of_any_zone(tmp_path, kind):
    """dbt takes ten seconds for it: once, in a zone whose days are not always 24 hours."""
    told = compiling.compile_models(kind, "America/Havana")
    shipped = program(kind, "America/Havana", tmp_path)
    assert {model.name: model for model in told.models} == {model.name: model for model in shipped.models}
    assert replace(told, models=[]) == replace(shipped, models=[])
    assert "America/Havana" in str(shipped) and "Troll" not in str(shipped)


def test_on_snowflake_they_are_in_the_database_of_the_settings(tmp_path):
    compiled = program("snowflake", "UTC", tmp_path, database="MY_DB")
    assert {model.relation.partition(".")[0] for model in compiled.models} == {"MY_DB"}
    assert "TROLL" not in str(compiled)


@pytest.mark.parametrize("kind", KINDS)
def test_each_model_comes_after_those_that_it_reads(tmp_path, kind):
    done: set[str] = set()
    for model in program(kind, "UTC", tmp_path).models:
        assert {*model.inputs} <= done, model.name
        done.add(model.name)


def test_a_table_is_made_with_its_columns_in_order():
    assert MODEL.table == (
        "create schema if not exists silver;"
        " create table if not exists silver.trades (symbol varchar, price decimal(38, 8))"
    )
