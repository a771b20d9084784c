"""The recordings that tests run on: one made from a seed, always, and the real one where it is at hand.

`CANDLEWICK_RECORDING` names the real one's folder; `none` hides it, so that a run is what a clone of this project has.
"""

import os
from pathlib import Path

import pytest

_HERE = Path(__file__).parents[3] / "shared" / "data" / "btcusdt-spot-2024-08-08"
REAL = Path(os.environ.get("CANDLEWICK_RECORDING", _HERE))
"""The folder of a real capture of 19,904 BTCUSDT trades, with the exchange's own candles beside it; may be missing."""

RECORDINGS = ["made", *([pytest.param("real", marks=pytest.mark.recording)] if REAL.is_dir() else [])]
"""The parameters of a fixture that is to be there for each recording."""
