{{ candles_from_trades('second') }}
