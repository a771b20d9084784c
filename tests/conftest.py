"""Fixtures that more than one room needs."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

ROOT = Path(__file__).parent.parent
RECORDING = ROOT.parent / "shared" / "data" / "btcusdt-spot-2024-08-08"


@pytest.fixture(scope="session")
def recording() -> Path:
    """The folder of a real capture of 19,904 BTCUSDT trades, with the exchange's own candles beside it."""
    folder = Path(os.environ.get("CANDLEWICK_RECORDING", RECORDING))
    if not folder.is_dir():
        pytest.skip(f"the recording of real trades is not here ({folder}); set CANDLEWICK_RECORDING to its folder")
    return folder


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
