{{ candles_from_minutes(
    opens=day_opens('open_time', var('timezone')),
    closes=day_closes('open_time', var('timezone')),
) }}
