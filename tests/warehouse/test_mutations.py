"""Faults of a tape that reached the lake: the models call no footprint proved that is not of the exchange's trades."""

import random
from collections import Counter

from candlewick.lake.objects import Lake
from warehouse.bench import Bench
from warehouse.mutations import KINDS, judged

OF_EACH = 20
"""`benchmarks/reconcile.py --mutations 10000` tries more."""


def test_a_footprint_of_faulty_trades_is_never_proved_and_one_of_the_exchanges_always_is(tmp_path):
    kinds = [*KINDS, *[None] * len(KINDS)] * OF_EACH
    with Bench.open_as_owner(tmp_path) as bench:
        found = judged(bench, Lake.open(str(tmp_path / "lake"), "demo"), kinds, random.Random(7))
    assert found == Counter(
        {(kind, "caught"): OF_EACH for kind in ("drop", "flip", "price", "quantity", "swap")}
        | {(kind, "proved, and the exchange's"): OF_EACH for kind in ("double", "reorder")}
        | {(None, "proved, and the exchange's"): OF_EACH * len(KINDS)}
    )
