{{ config(full_refresh=false, tags='audit', meta={'is_stamped': true}) }}

{{ exchange_candles('1m') }}
