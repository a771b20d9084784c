{{ config(meta={'is_stamped': true}) }}

{{ candles_from_minutes(
    label=bucket('open_time', 60),
    closes="label + interval '60 minutes'",
) }}
