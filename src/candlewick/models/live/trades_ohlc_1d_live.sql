{{ config(materialized='view', enabled=target.type == 'snowflake') }}

{{ live_candles_from_minutes(
    'trades_ohlc_1d',
    label=local_day('open_time', var('timezone')),
    opens=first_instant('label', var('timezone')),
    closes=first_instant("label + interval '1 day'", var('timezone')),
) }}
