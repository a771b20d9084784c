{{ candles_from_minutes(
    opens=bucket('open_time', 240),
    closes=bucket('open_time', 240) ~ " + interval '240 minutes'",
) }}
