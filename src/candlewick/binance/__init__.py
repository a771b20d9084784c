"""What only Binance knows: its streams, its REST, and what it allows."""
