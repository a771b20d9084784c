"""Pure: how long to wait before what has failed is tried again."""

_MOST = 64


def doubled(first: float, times: int, longest: float) -> float:
    """Return `min(longest, first * 2**times)` seconds, for any number of times."""
    return min(longest, first * 2.0 ** min(times, _MOST))
