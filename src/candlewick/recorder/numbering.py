"""Pure: do a symbol's ids still grow with time? A test network that is reset starts them again from 0.

Then a trade is newer than all that are known, and its id is lower. What is recorded under such ids would take the place
of other trades, so it has to begin under a new prefix. Times in µs, by the exchange's clock.
"""

MARGIN = 10_000_000
"""Copies of trades come late, and clocks are estimated: only what is newer by more than this tells."""


class Numbering:
    """The highest id that is known, and a moment by which it had been traded; None where there is none yet."""

    def __init__(self, newest: int | None = None, traded_by: int = 0) -> None:
        self.newest = -1 if newest is None else newest
        self._traded_by = traded_by

    def starts_again(self, trade_id: int, traded_at: int) -> bool:
        """Take a trade; whether it is newer than the highest id known, and its own id is lower."""
        if trade_id > self.newest:
            self.newest, self._traded_by = trade_id, traded_at
            return False
        return traded_at > self._traded_by + MARGIN
