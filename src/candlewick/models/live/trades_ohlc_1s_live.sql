{{ config(materialized='view', enabled=target.type == 'snowflake') }}

{{ live_candles_from_trades('trades_ohlc_1s', 'second') }}
