"""A local Binance: a real server that speaks its WebSocket, REST and archive dialects, for demos and for tests.

The way from below: `noise` → `activity`, `path` → `market` (or `replay`) → `timeline` → `server`.
"""
