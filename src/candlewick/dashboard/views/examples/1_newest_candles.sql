-- The newest candles.
select open_time, open, high, low, close, volume, trade_count, vwap, is_complete
from gold.trades_ohlc_1m
where symbol = '$symbol'
order by open_time desc
limit 60
