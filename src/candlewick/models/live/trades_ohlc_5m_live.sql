{{ config(materialized='view', enabled=target.type == 'snowflake') }}

{{ live_candles_from_minutes(
    'trades_ohlc_5m',
    label=bucket('open_time', 5),
    closes="label + interval '5 minutes'",
) }}
