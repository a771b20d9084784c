"""Many symbols at once: which few are shown, and the sums of all. Pure."""

from collections.abc import Sequence

from candlewick.status import Symbol

SHOWN_AT_MOST = 20
WORST = 5


def the_few(symbols: Sequence[Symbol]) -> Sequence[Symbol]:
    """All symbols where they fit on a page, else those that stopped, miss the most or lag the most."""
    if len(symbols) <= SHOWN_AT_MOST:
        return symbols
    return sorted(symbols, key=lambda symbol: (not symbol.stopped, -symbol.holes, -(symbol.lag_ms or 0)))[:WORST]


def sums(symbols: Sequence[Symbol]) -> Symbol:
    """All symbols in one row: their sums, their mean history and their largest lag."""
    lags = [symbol.lag_ms for symbol in symbols if symbol.lag_ms is not None]
    return Symbol(
        symbol=f"all {len(symbols)}",
        emitted=None,
        head=None,
        in_warehouse=None,
        holes=sum(symbol.holes for symbol in symbols),
        declared=sum(symbol.declared for symbol in symbols),
        history_fraction=sum(symbol.history_fraction for symbol in symbols) / len(symbols),
        lag_ms=max(lags, default=None),
    )


def found(symbols: Sequence[Symbol], typed: str) -> Sequence[Symbol]:
    """The symbols whose names hold what was typed, as many as fit; those that begin with it come first."""
    sought = typed.strip().upper()
    matching = [symbol for symbol in symbols if sought in symbol.symbol]
    return sorted(matching, key=lambda symbol: not symbol.symbol.startswith(sought))[:SHOWN_AT_MOST]
