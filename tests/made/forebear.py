"""What the process has that others are forked from: Candlewick imported, its models compiled for days in UTC."""

import tempfile
from pathlib import Path

from candlewick.fake_binance.server import server  # noqa: F401 - for those who are forked
from candlewick.process.sparing import spare_pandas
from candlewick.recorder import session  # noqa: F401
from candlewick.warehouse.compiling import program
from candlewick.warehouse.duckdb import owner  # noqa: F401

spare_pandas()  # as the commands do
with tempfile.TemporaryDirectory() as _folder:
    program("duckdb", "UTC", Path(_folder))
