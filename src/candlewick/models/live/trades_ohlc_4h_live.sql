{{ config(materialized='view', enabled=target.type == 'snowflake') }}

{{ live_candles_from_minutes(
    'trades_ohlc_4h',
    label=bucket('open_time', 240),
    closes="label + interval '4 hours'",
) }}
