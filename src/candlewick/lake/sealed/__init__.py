"""Sealed files: a day of trades as exact columns, from which each raw line is written again byte for byte."""
