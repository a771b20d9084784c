"""An independent Binance: written from its published documents alone, it imports nothing of Candlewick.

Sources: `binance/binance-spot-api-docs` of 2026-07-21 (web-socket-streams.md, rest-api.md, errors.md, enums.md,
faqs/market_data_only.md) and the README of `binance/binance-public-data`. Where they are silent, it takes the reading
that is hardest on a client: the fields of an object have no order, events have fields that nobody told of, a message
may come in fragments, a number is padded with zeros in one place and bare in another.

Run it as a process of its own, with `tests` as the working folder: `python -m peers.strict_binance --ca ca.pem`.
It prints one line of JSON with its addresses and stops by itself.
"""
