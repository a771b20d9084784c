"""Pure: which symbols a recorder takes, out of those named in the settings, by patterns and by shards.

Recorders that share the symbols share nothing else: each finds its part by a hash of the name, which is the same on
every machine and for ever, so that a symbol that is listed later moves no other one.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from candlewick.binance.rows import SymbolInfo
from candlewick.errors import ConfigError


def part_of(symbol: str, parts: int) -> int:
    """Return which of `parts` parts a symbol falls into, from 0."""
    return int.from_bytes(hashlib.sha256(symbol.encode()).digest()[:8]) % parts


@dataclass(frozen=True)
class Roster:
    """Symbols and patterns such as `*USDT`, of which a recorder takes the part `shard` = (index from 0, parts)."""

    named: Sequence[str]
    shard: tuple[int, int] = (0, 1)

    @property
    def has_patterns(self) -> bool:
        """Whether the exchange has to say which symbols there are."""
        return any("*" in name for name in self.named)

    @property
    def literal(self) -> tuple[str, ...]:
        """The symbols that are named as such, of all shards."""
        return tuple(name for name in self.named if "*" not in name)

    def without(self, symbol: str) -> "Roster":
        """Return the roster without a symbol that was named."""
        return replace(self, named=[name for name in self.named if name != symbol])

    def resolve(self, listed: Iterable[SymbolInfo] = ()) -> tuple[str, ...]:
        """Return the recorder's symbols, in order: those named, and those in trade that a pattern fits.

        Raises `ConfigError` where there are none.
        """
        patterns = [name for name in self.named if "*" in name]
        fitting = [
            each.symbol
            for each in listed
            if each.status == "TRADING" and any(fnmatchcase(each.symbol, pattern) for pattern in patterns)
        ]
        symbols = dict.fromkeys([*self.literal, *sorted(fitting)])
        index, parts = self.shard
        own = tuple(symbol for symbol in symbols if part_of(symbol, parts) == index)
        if not symbols:
            raise ConfigError(f"symbols: no symbol in trade fits {', '.join(patterns)}")
        if not own:
            raise ConfigError(f"shard: none of the {len(symbols)} symbols falls into {index + 1}/{parts}")
        return own
