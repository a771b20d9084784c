"""Faults of an exchange: named in a scenario, drawn from a seed, or asked for while it runs.

Plan, RandomFaults ─► Script ─┬─► legs, lines, effects    what clients hear
 (schedule)           (policy) ├─► answers                 what REST says
                               ├─► holes                   which ids exist
                               └─► journal                 what was done, and when
"""

from candlewick.exchange.faults.catalogue import KINDS
from candlewick.exchange.faults.fault import Fault
from candlewick.exchange.faults.schedule import Plan, RandomFaults, Schedule
from candlewick.exchange.faults.script import Script
from candlewick.exchange.faults.seam import Answer, Disturbance, Faults, FileFault, Refusal

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
