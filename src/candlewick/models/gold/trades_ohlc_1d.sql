{{ config(meta={'is_stamped': true}) }}

{{ candles_from_minutes(
    label=local_day('open_time', var('timezone')),
    opens=first_instant('label', var('timezone')),
    closes=first_instant("label + interval '1 day'", var('timezone')),
) }}
