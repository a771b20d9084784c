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


@pytest.fixture(autouse=True)
def logs_as_by_default() -> Iterator[None]:
    """A command run in this process sets up logs; the next test finds them as it expects them."""
    yield
    structlog.reset_defaults()
