"""The market that the local exchange trades: synthetic or replayed, with candles of its own."""
