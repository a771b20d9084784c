"""Market data you own and can prove."""

from typing import TYPE_CHECKING

from candlewick.version import __version__

if TYPE_CHECKING:
    from candlewick.api import Rows, candles, connect, footprint, profile, trades

__all__ = ["Rows", "__version__", "candles", "connect", "footprint", "profile", "trades"]


def __getattr__(name: str) -> object:
    """Load the Python API when it is first asked for: commands that need no Arrow start without it."""
    if name in __all__:
        from candlewick import api  # noqa: PLC0415

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
