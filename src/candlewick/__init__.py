"""Market data you own and can prove."""

__version__ = "0.1.0"
