from candlewick.fake_binance.server.weights import Weights, retry_after

MINUTE = 60_000_000


def test_weights_add_up_within_a_clock_minute_and_start_again_with_the_next():
    weights = Weights(limit=100)
    assert [weights.spend("a", 25, at) for at in (0, 1, MINUTE - 1)] == [25, 50, 75]
    assert weights.spend("a", 2, MINUTE) == 2


def test_each_address_has_its_own_account():
    weights = Weights(limit=100)
    weights.spend("a", 25, 0)
    assert weights.spend("b", 4, 0) == 4


def test_retry_after_is_the_rest_of_the_minute():
    assert [retry_after(at) for at in (0, 1, 30_500_000, MINUTE - 1)] == [60, 60, 30, 1]
