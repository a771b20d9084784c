-- The largest trades.
select symbol, trade_id, traded_at, price, quantity, quote_quantity
from silver.trades_deduped
order by quote_quantity desc
limit 50
