"""The version of this package: in one place, which everybody may import."""

__version__ = "0.1.0"
