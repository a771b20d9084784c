{{ config(full_refresh=false, tags='audit') }}

{{ exchange_candles('15m', has_candles="has_klines and recorder like '%-candles'") }}
