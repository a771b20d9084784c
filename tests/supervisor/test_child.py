"""A supervised process: healthy, hanging, ending, and its log."""

import signal

import pytest

from candlewick.supervisor import child as room
from candlewick.supervisor.child import Child
from e2e.stack import until


@pytest.fixture
async def exchange(tmp_path):
    """A local exchange as a child, healthy."""
    arguments = ("exchange", "--port", "0", "--run-path", str(tmp_path / "run"))
    child = Child("exchange", arguments, tmp_path / "logs" / "exchange.log", tmp_path / "run", stall_seconds=3.0)
    await child.start()
    try:
        await until(child.is_healthy, "the exchange to be healthy")
        yield child
    finally:
        if child.process is not None and child.exit_code is None:
            child.process.kill()
            await child.process.wait()


async def test_a_process_that_hangs_is_told_from_one_that_beats(exchange):
    assert not exchange.is_stalled()
    exchange.process.send_signal(signal.SIGSTOP)
    await until(exchange.is_stalled, "the stopped process to count as stalled")
    exchange.process.send_signal(signal.SIGCONT)
    await until(lambda: not exchange.is_stalled(), "the process to beat again")


async def test_a_process_that_stops_leaves_no_heartbeat(exchange):
    await exchange.stop()
    assert (exchange.exit_code, exchange.beat(), exchange.is_healthy()) == (0, None, False)


async def test_a_log_is_kept_in_bounds_while_its_process_goes_on_writing(exchange, monkeypatch):
    monkeypatch.setattr(room, "LOG_LIMIT_BYTES", 10)
    before = exchange.log_file.read_bytes()
    exchange.rotate_log()
    assert exchange.log_file.with_suffix(".log.1").read_bytes() == before
    assert exchange.log_file.stat().st_size == 0
    await exchange.stop()
    assert not exchange.log_file.read_bytes().startswith(b"\0")


async def test_a_process_that_never_beats_counts_as_stalled_after_its_start(tmp_path):
    child = Child("nobody", ("sql", "-"), tmp_path / "nobody.log", tmp_path / "run", start_seconds=0.2)
    await child.start()
    try:
        await until(child.is_stalled, "the silent process to count as stalled")
    finally:
        await child.stop()
