"""A process that does without pandas makes Arrow's arrays all the same."""

import subprocess
import sys

SCRIPT = """
import sys
from candlewick.process.sparing import spare_pandas
spare_pandas()
import duckdb, pyarrow as pa
table = pa.table({"a": pa.array([1, 2])})
print(duckdb.connect().register("t", table).execute("select sum(a) from t").fetchone()[0], "pandas" in sys.modules)
"""


def test_arrow_and_duckdb_work_and_never_import_it():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.split() == ["3", "False"], done.stderr
