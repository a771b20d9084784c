{{ config(materialized='view', enabled=target.type == 'snowflake') }}

{{ live_candles_from_minutes(
    'trades_ohlc_15m',
    label=bucket('open_time', 15),
    closes="label + interval '15 minutes'",
) }}
