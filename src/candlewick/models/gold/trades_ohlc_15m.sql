{{ candles_from_minutes(
    opens=bucket('open_time', 15),
    closes=bucket('open_time', 15) ~ " + interval '15 minutes'",
) }}
