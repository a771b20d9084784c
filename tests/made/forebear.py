"""What the process has that others are forked from: Candlewick imported, its models parsed for days in UTC."""

import tempfile
from pathlib import Path

from candlewick.config import Settings
from candlewick.fake_binance.server import server  # noqa: F401 - for those who are forked
from candlewick.recorder import session  # noqa: F401
from candlewick.warehouse.duckdb import owner  # noqa: F401
from candlewick.warehouse.targets import Target
from candlewick.warehouse.transform import Models

with tempfile.TemporaryDirectory() as _folder:
    _database = Settings(data=Path(_folder)).duckdb_path
    for _path in (_database, _database.with_name(f"{_database.stem}.rebuild{_database.suffix}")):
        Models(Target.duckdb(_path), Path(_folder) / "dbt", timezone="UTC").close()
