{{ config(meta={'is_stamped': true}) }}

{{ candles_from_minutes(
    label=bucket('open_time', 5),
    closes="label + interval '5 minutes'",
) }}
