{{ config(meta={'is_stamped': true}) }}

{{ candles_from_minutes(
    label=bucket('open_time', 15),
    closes="label + interval '15 minutes'",
) }}
