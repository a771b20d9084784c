"""Plays stories of recorders under faults on virtual time, in a process of their own; all of them, or those named.

PYTHONHASHSEED=0 SHOWN=1 python tests/integration/play.py a_dozen_faults_of_seed_1 …
"""

import importlib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from simulation import clock

clock.install()
importlib.import_module("integration.telling").main()
