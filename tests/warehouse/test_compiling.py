"""What the models compile to is asked of dbt once."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from candlewick.errors import ModelError
from candlewick.warehouse.compiled import Compiled, Program, encode
from candlewick.warehouse.duckdb import compiling
from candlewick.warehouse.duckdb.compiling import program

MODEL = Compiled(
    name="trades",
    relation="silver.trades",
    columns={"symbol": "varchar", "price": "decimal(38, 8)"},
    keys=("symbol",),
    sql="select 1 where loaded_at > $since(loaded_at)",
    inputs=frozenset({"copies"}),
    reads_raw=False,
    is_audit=False,
    is_append=False,
    is_whole=False,
)
KEPT = Program([MODEL], "select 2", "select 3")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A user's cache of no content, and nothing remembered of another."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    program.cache_clear()
    yield tmp_path / "cache" / "candlewick"
    program.cache_clear()


def keep(folder: Path, timezone: str) -> None:
    folder.mkdir(parents=True)
    (folder / f"models-{compiling._digest(timezone)}.json").write_bytes(encode(KEPT))


def test_what_is_kept_is_taken_from_the_users_cache_or_from_beside_the_warehouse(cache, tmp_path):
    keep(cache, "UTC")
    assert program("UTC", tmp_path / "data") == KEPT
    keep(tmp_path / "data", "Asia/Tokyo")
    assert program("Asia/Tokyo", tmp_path / "data") == KEPT


def test_another_zone_is_another_program_and_why_there_is_none_is_one_line(cache, tmp_path, monkeypatch):
    keep(cache, "UTC")
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho Traceback >&2; echo No module named dbt >&2; exit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(broken))
    with pytest.raises(ModelError, match=r"^the models could not be compiled: No module named dbt$"):
        program("Asia/Kolkata", tmp_path)


def test_a_table_is_made_with_its_columns_in_order():
    assert MODEL.table == (
        "create schema if not exists silver;"
        " create table if not exists silver.trades (symbol varchar, price decimal(38, 8))"
    )
