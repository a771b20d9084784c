-- Proof that no trade is missing.
-- Binance numbers the trades of a symbol without gaps: so many ids, so many trades.
select
    symbol,
    min(trade_id) as first_trade_id,
    max(trade_id) as last_trade_id,
    max(trade_id) - min(trade_id) + 1 as ids,
    count(*) as trades,
    ids - trades as missing
from silver.trades_deduped
group by symbol
order by symbol
