"""Has sqlfluff look at what the models compile to, for each database in its own dialect: `make lint-sql`.

What a run puts into a statement is put there first: moments, and the periods that news touch. Roll-ups that differ in
their length only are looked at once.
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from candlewick.warehouse.compiled import decode
from candlewick.warehouse.compiling import KINDS, shipped
from candlewick.warehouse.periods import filled
from candlewick.warehouse.targets import Kind

ROOT = Path(__file__).parent.parent
SQLFLUFF = ROOT / ".venv/lint-sql/bin/sqlfluff"
A_MOMENT = "timestamp '2026-01-01'"
OF_ALL_ROWS = "(rows unbounded preceding)"
"""A window in the order that rows come in; sqlfluff takes `rows` there for the name of another window."""


def statements(kind: Kind) -> Iterator[tuple[str, str]]:
    """Every statement that differs in more than a length, with the name of its model."""
    program = decode(shipped(kind).read_bytes().partition(b"\n")[2]).for_use("UTC", "crypto_db")
    parts = {"copies": program.copies, "sealed_copies": program.sealed_copies, "cut": program.cut_quote_quantities}
    known: set[str] = set()
    for name, sql in [*((each.name, each.sql) for each in program.models), *parts.items()]:
        shape = re.sub(r"trades_ohlc_\w+|minute|hour|\d+", "", sql)
        if sql and shape not in known:
            known.add(shape)
            yield name, run_as(sql)


def run_as(sql: str) -> str:
    """Return a compiled statement as an owner runs it."""
    sql = re.sub(r"\$since\(\w+\)", A_MOMENT, sql)
    sql = sql.replace(OF_ALL_ROWS, f"(order by all {OF_ALL_ROWS[1:]}")
    for marker in ("$touched(", "$near("):
        sql = filled(sql, marker, lambda asked: f"{asked.partition(':')[0]} >= {A_MOMENT}")
    for marker in ("$apart(", "$copied("):
        sql = filled(sql, marker, lambda part: part)
    return filled(sql, "$constant(", lambda _: A_MOMENT).strip() + "\n"


def lint(kind: Kind) -> bool:
    """Whether sqlfluff finds nothing; what it finds is printed."""
    with tempfile.TemporaryDirectory() as folder:
        for name, sql in statements(kind):
            (Path(folder) / f"{name}.sql").write_text(sql)
        config = f"--config={ROOT / '.sqlfluff'}"
        command = [str(SQLFLUFF), "lint", f"--dialect={kind}", config, "--disable-progress-bar", "."]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    print(f"{kind}: {done.stdout.strip() or done.stderr.strip()}", flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    with ThreadPoolExecutor() as pool:
        sys.exit(not all(pool.map(lint, KINDS)))
