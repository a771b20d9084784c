{{ candles_from_minutes(
    opens=bucket('open_time', 60),
    closes=bucket('open_time', 60) ~ " + interval '60 minutes'",
) }}
