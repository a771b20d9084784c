{{ candles_from_minutes(
    opens=bucket('open_time', 5),
    closes=bucket('open_time', 5) ~ " + interval '5 minutes'",
) }}
