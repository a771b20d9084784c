{{ config(meta={'is_stamped': true}) }}

{{ candles_from_minutes(
    label=bucket('open_time', 240),
    closes="label + interval '240 minutes'",
) }}
