{{ config(full_refresh=false, tags='audit') }}

{{ exchange_candles('1m') }}
