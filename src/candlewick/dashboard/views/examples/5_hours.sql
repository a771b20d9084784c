-- Volume and VWAP by hour.
select
    symbol,
    date_trunc('hour', open_time) as hour,
    sum(volume) as volume,
    sum(quote_volume) / sum(volume) as vwap,
    sum(taker_buy_volume) / sum(volume) as bought_by_takers
from gold.trades_ohlc_1m
group by all
order by hour desc, symbol
