{{ config(materialized='view', enabled=target.type == 'snowflake') }}

{{ live_candles_from_minutes(
    'trades_ohlc_1h',
    label=bucket('open_time', 60),
    closes="label + interval '1 hour'",
) }}
