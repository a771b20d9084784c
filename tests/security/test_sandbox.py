"""A viewer's statement cannot take the dashboard's memory, its time or its place, whatever it says."""

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from candlewick.dashboard.console import STATEMENT_BYTES, Console
from candlewick.errors import QueryRefusedError
from candlewick.mart.reader import Mart
from candlewick.warehouse.duckdb import sandbox_process
from candlewick.warehouse.duckdb.sandbox import Sandbox
from candlewick.warehouse.rows import SHOWN
from security.attacks import BOMB, KNOWN, generated
from warehouse.small_mart import SmallMart

MEGABYTE = 2**20
GROWTH = 128 * MEGABYTE
"""Of the process that serves the charts, whatever is asked: an answer that is shown has 2 MB."""


@pytest.fixture(scope="module")
def mart(tmp_path_factory: pytest.TempPathFactory) -> Mart:
    made = SmallMart.make(tmp_path_factory.mktemp("small"))
    made.put_candle(datetime(2024, 1, 1))
    made.put_trade(1, datetime(2024, 1, 1))
    made.publisher().publish()
    return Mart(made.path)


@pytest.fixture(scope="module")
def console(mart: Mart) -> Iterator[Console]:
    with closing(Console(Sandbox(mart, seconds=60))) as console:
        yield console


@contextmanager
def impatient(console: Console) -> Iterator[None]:
    """While the block runs, statements are stopped soon; a loaded machine needs longer for those that are answered."""
    engine = console._engine
    before, engine.seconds = engine.seconds, 0.5
    yield
    engine.seconds = before


def peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def outcome(console: Console, statement: str) -> str:
    """What a viewer gets: `rows`, or the one line of a refusal."""
    try:
        answer = console.run(statement, SHOWN)
    except QueryRefusedError as refused:
        assert "\n" not in str(refused)
        return str(refused)
    assert answer.table.nbytes <= SHOWN.size
    return "rows"


def refuses_peacefully(console: Console, statements: Iterator[str] | tuple[str, ...]) -> None:
    """Every statement has an end and leaves a place free; this process does not grow by it."""
    console.run("select 1")
    before = peak_bytes()
    with impatient(console):
        for statement in statements:
            outcome(console, statement)
    assert console.run("select count(*) as n from gold.trades_ohlc_1m").table["n"].to_pylist() == [1]
    assert peak_bytes() - before < GROWTH


def test_what_took_the_dashboard_down_is_stopped_and_leaves_the_place_free(console: Console) -> None:
    refuses_peacefully(console, KNOWN)


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_two_hundred_more_of_the_kind_are_stopped_too(console: Console) -> None:
    refuses_peacefully(console, generated(250, seed=11))


def test_a_statement_of_megabytes_is_refused_before_anything_parses_it(mart: Mart) -> None:
    console = Console(Sandbox(mart))
    with pytest.raises(QueryRefusedError, match=f"at most {STATEMENT_BYTES:,} bytes, got 4,000,007"):
        console.run("select " + "1" * 4_000_000)
    assert not console._engine._warm  # type: ignore[attr-defined]  # nothing was started for it


def test_cells_are_cut_before_they_become_rows(console: Console) -> None:
    answer = console.run("select range(2000) as a, repeat('é', 500) as b, 1.5 as c from range(20)", SHOWN)
    row = answer.table.to_pylist()[0]
    assert answer.table.num_rows == 20
    assert row["a"].startswith("[0, 1, 2") and len(row["a"]) == SHOWN.cell
    assert row["b"] == "é" * 299 + "…"
    assert str(row["c"]) == "1.5"


def test_columns_beyond_counting_are_refused(console: Console) -> None:
    doubled = "with a as (select 1 as x)" + "".join(
        f", {name} as (select *, * from {below})" for below, name in zip("abcdefghi", "bcdefghij", strict=True)
    )
    assert "at most 400 columns, got 512" in outcome(console, doubled + " select * from j")


def test_a_process_that_was_killed_is_asked_nothing_more_even_where_it_is_not_gone_yet(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox_process, "GRACE_SECONDS", 0.2)
    console.run("select 1")
    warm = console._engine._warm[0]  # type: ignore[attr-defined]
    os.kill(warm.pid, signal.SIGSTOP)  # it does not end the statement in time, as one that a busy machine leaves out
    with impatient(console):
        assert outcome(console, "select 1").startswith("stopped")
    assert not warm.is_alive()
    assert console.run("select 42 as answer").table["answer"].to_pylist() == [42]


def test_a_process_that_dies_by_itself_costs_one_statement_and_no_place(mart: Mart) -> None:
    with closing(Console(Sandbox(mart))) as console:
        console.run("select 1")
        for warm in console._engine._warm:  # type: ignore[attr-defined]
            warm._process.kill()
            warm._process.wait()
        assert console.run("select 42 as answer").table["answer"].to_pylist() == [42]


@pytest.mark.skipif(sys.platform != "linux", reason="a process's children are listed in Linux's /proc")
def test_a_statements_process_does_not_stay_as_a_zombie_until_the_next_statement(console: Console) -> None:
    console.run("select 1")
    for warm in console._engine._warm:  # type: ignore[attr-defined]
        children = Path(f"/proc/{warm.pid}/task/{warm.pid}/children")
        deadline = time.monotonic() + 60
        while children.read_text():
            assert time.monotonic() < deadline, f"still there: {children.read_text()}"
            time.sleep(0.02)
        assert warm.is_alive()
    assert console.run("select 42 as answer").table["answer"].to_pylist() == [42]


@pytest.mark.parametrize("statement", [KNOWN[1], BOMB], ids=["late", "too large"])
def test_what_is_stopped_costs_the_next_statement_no_new_start(console: Console, statement: str) -> None:
    """A process takes a second of a core to start: whoever is stopped again and again would take it from others."""
    console.run("select 1")
    warm = list(console._engine._warm)  # type: ignore[attr-defined]
    with impatient(console):
        assert outcome(console, statement).startswith("stopped")
    assert console.run("select 42 as answer").table["answer"].to_pylist() == [42]
    assert console._engine._warm == warm  # type: ignore[attr-defined]


def test_a_statement_that_is_stopped_leaves_no_process_behind(console: Console) -> None:
    with impatient(console):
        outcome(console, KNOWN[1])
    warm, _ = console._engine._warm  # type: ignore[attr-defined]
    deadline = time.monotonic() + 60
    children = Path(f"/proc/{warm.pid}/task/{warm.pid}/children")
    while any(map(_is_running, map(int, children.read_text().split()))):
        assert time.monotonic() < deadline, "the statement's process outlived it"
        time.sleep(0.05)
    assert len(list(Path(f"/proc/{warm.pid}/task").iterdir())) == 1, "a process that forks has one thread"


def test_the_process_ends_with_whoever_started_it(mart: Mart) -> None:
    """Killed without a word, a dashboard leaves nobody behind."""
    program = (
        "import os, signal; from pathlib import Path; from candlewick.mart.reader import Mart\n"
        "from candlewick.warehouse.duckdb.sandbox import Sandbox\n"
        f"sandbox = Sandbox(Mart(Path({str(mart.path)!r}))); sandbox.first_rows('select 1')\n"
        "print(sandbox._warm[0].pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=120)
    deadline = time.monotonic() + 60
    while _is_running(int(told.stdout)):
        assert time.monotonic() < deadline, "the sandbox's process outlived its parent"
        time.sleep(0.05)


def _is_running(pid: int) -> bool:
    """Whether there is such a process, and it is no zombie that nobody has asked about."""
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize(
    "statement",
    [
        "select * from read_text('/proc/self/environ')",
        "select * from read_csv('/etc/hostname')",
        "select * from read_parquet('{mart}/**/*.parquet')",
        "with x as (copy (select 1) to '{out}') select * from x",
        "select * from query('copy (select 1) to ''{out}''')",
        "select getenv('PATH')",
        "select * from read_parquet('http://127.0.0.1:9/x.parquet')",
        "select load_aws_credentials()",
        "select * from duckdb_secrets()",
        "update extensions",
    ],
)
def test_no_statement_reaches_a_file_a_socket_or_a_variable(
    console: Console, mart: Mart, tmp_path: Path, statement: str
) -> None:
    assert outcome(console, statement.format(out=tmp_path / "out", mart=mart.path)) != "rows"
    assert not list(tmp_path.iterdir())
