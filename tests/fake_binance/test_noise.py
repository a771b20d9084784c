import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from candlewick.fake_binance.market.noise import UNIT, below, exponentials, key, normals, powers_of_two, smooth

INDEXES = np.arange(-50_000, 50_000, dtype=np.int64)


@given(st.integers(0, 2**64 - 1), st.integers(-(2**40), 2**40), st.integers(1, 200))
def test_a_draw_is_the_same_whatever_is_drawn_with_it(source, start, count):
    together = np.arange(start, start + count, dtype=np.int64)
    alone = [int(below(source, np.array([index]), 1_000)[0]) for index in together]
    assert below(source, together, 1_000).tolist() == alone
    apart = [int(smooth(source, np.array([index]), 60)[0]) for index in together]
    assert smooth(source, together, 60).tolist() == apart


def test_the_distributions_have_their_mean_and_variance():
    normal = normals(key("a"), INDEXES) / UNIT
    assert abs(normal.mean()) < 0.02
    assert abs(normal.std() - 1) < 0.02
    assert abs((exponentials(key("b"), INDEXES) / UNIT).mean() - 1) < 0.02


def test_sources_with_different_names_are_independent():
    one, other = (normals(key("seed", name), INDEXES) / UNIT for name in ("one", "other"))
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.02


@given(st.floats(-10, 20))
def test_powers_of_two_are_within_a_percent(exponent):
    power = int(powers_of_two(np.array([round(exponent * UNIT)]))[0]) / UNIT
    assert abs(power / 2**exponent - 1) < 0.02


def test_smooth_noise_makes_no_jumps():
    steps = np.abs(np.diff(smooth(key("c"), INDEXES, 600))) / UNIT
    assert steps.max() < 0.03
