{{ config(meta={'is_stamped': true}) }}

{{ candles_from_trades('minute', with_flat=true) }}
