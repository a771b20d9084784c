from pathlib import Path

from candlewick.warehouse.targets import Target


def test_duckdb_is_the_file_by_its_absolute_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert Target.duckdb(Path("a.duckdb")).output["path"] == str(tmp_path / "a.duckdb")
