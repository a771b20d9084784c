{{ config(meta={'is_stamped': true}) }}

{{ candles_from_trades('second') }}
