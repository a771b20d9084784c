"""Fixtures that more than one room needs."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings

from made import capture
from made.recordings import REAL, RECORDINGS

LONG = (
    "tests/crash/test_crash_matrix.py",
    "tests/e2e/test_recording.py",
    "tests/snowflake/test_models.py",
    "tests/warehouse/test_dbt_by_hand.py",
    "tests/warehouse/test_models.py",
    "tests/snowflake/test_cycle.py",
    "tests/warehouse/test_letting_go.py",
    "tests/setup/test_setup_snowflake.py",
    "tests/e2e/test_strict_binance.py",
    "tests/warehouse/test_owner.py",
    "tests/recorder/test_session.py",
    "tests/integration/test_recorder_under_faults.py",
    "tests/snowflake/test_same_answers.py",
    "tests/e2e/test_bad_input.py",
    "tests/simulation/test_simulation.py",
    "tests/backfill/test_backfill.py",
    "tests/warehouse/test_sealed_days.py",
    "tests/audit/test_audit.py",
)
"""Files that take a worker about half a minute and more, the longest first."""

settings.register_profile("any machine", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")  # however slow it is, a property holds or does not


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what takes long, so that no worker is left alone with it; and ask the real recording only its own."""
    again = {item for item in items if item.get_closest_marker("alike") and item.get_closest_marker("recording")}
    if again:
        config.hook.pytest_deselected(items=list(again))
    order = {item: place for place, item in enumerate(items)}
    places = {config.rootpath / path: place for place, path in enumerate(LONG)}
    items[:] = sorted(set(items) - again, key=lambda item: (places.get(item.path, len(places)), order[item]))


def pytest_sessionstart() -> None:
    """What is imported and collected stays: to look for garbage meanwhile is a seventh of the time for nothing."""
    gc.disable()


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Nor is it looked through again and again while the tests run, nor what they make at every 700 objects."""
    gc.freeze()
    gc.set_threshold(20_000)
    gc.enable()


@pytest.fixture(scope="session")
def real_recording() -> Path:
    """The folder of the recording of real trades, for tests that are about these."""
    if not REAL.is_dir():
        pytest.skip(f"about real trades, which are not here ({REAL}); set CANDLEWICK_RECORDING to their folder")
    return REAL


@pytest.fixture(scope="session")
def made_recording(run_folder: Path) -> Path:
    """The folder of a capture made from a seed, with the trade ids and minutes of the real one."""
    return capture.made_once(run_folder / "capture")


@pytest.fixture(scope="session", params=RECORDINGS)
def recording(request: pytest.FixtureRequest) -> Path:
    """The folder of a capture of 19,904 BTCUSDT trades with the exchange's own candles: the made one, the real one."""
    folder: Path = request.getfixturevalue(f"{request.param}_recording")
    return folder


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of this run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="module")
def s3_server() -> Iterator[str]:
    """The address of a real S3 server on a free port of this host."""
    from moto.server import ThreadedMotoServer  # noqa: PLC0415 - a second that most tests need not wait for

    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    yield f"http://{host}:{port}"
    moto.stop()


@pytest.fixture(autouse=True)
def logs_as_by_default() -> Iterator[None]:
    """A command run in this process sets up logs; the next test finds them as it expects them."""
    yield
    structlog.reset_defaults()
