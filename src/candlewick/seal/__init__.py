"""Sealed days: a UTC day of a symbol that is whole becomes one Parquet file and a certificate that proves it.

lines         pure: raw lines as exact columns, and the same lines again, byte for byte
day           pure: the trades of a day, one a trade id, and what else was said of them
file          pure: the sealed file, its encoding
minutes       pure: a day's candles from its trades, beside the exchange's own
merkle        pure: the tree over the trades, and the proof that one of them is in it
certificate   pure: what is sealed, as canonical JSON
verify        pure: the stranger's check; one file of the standard library, part of every bundle
"""
