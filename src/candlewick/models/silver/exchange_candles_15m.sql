{{ config(full_refresh=false, tags='audit', meta={'is_stamped': true}) }}

{{ exchange_candles('15m', has_candles="has_klines and recorder like '%-candles'") }}
