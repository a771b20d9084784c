{{ candles_from_trades('minute', with_flat=true) }}
