{{ config(cluster_by=['to_date(open_time)', 'symbol']) }}

{{ candles_from_trades('second') }}
