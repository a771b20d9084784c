"""Faults of an exchange: named in a scenario, drawn from a seed, or asked for while it runs.

Plan, RandomFaults ─► Script ─┬─► legs, lines, effects    what clients hear
 (schedule)           (policy) ├─► answers                 what REST says
                               ├─► holes                   which ids exist
                               └─► journal                 what was done, and when
"""

from candlewick.fake_binance.faults.catalogue import KINDS
from candlewick.fake_binance.faults.fault import Fault
from candlewick.fake_binance.faults.schedule import Plan, RandomFaults, Schedule
from candlewick.fake_binance.faults.script import Script
from candlewick.fake_binance.faults.seam import Answer, Disturbance, Faults, FileFault, Refusal

__all__ = [
    "KINDS",
    "Answer",
    "Disturbance",
    "Fault",
    "Faults",
    "FileFault",
    "Plan",
    "RandomFaults",
    "Refusal",
    "Schedule",
    "Script",
]
