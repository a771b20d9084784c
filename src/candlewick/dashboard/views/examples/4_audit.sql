-- Every candle beside the exchange's.
select symbol, status, count(*) as minutes, min(open_time) as from_minute, max(open_time) as to_minute
from gold.candle_audit
group by symbol, status
order by symbol, status
