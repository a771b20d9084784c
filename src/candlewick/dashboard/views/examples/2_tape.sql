-- The tape, trade by trade.
select
    trade_id, traded_at, price, quantity, is_buyer_maker, source,
    datediff('millisecond', traded_at, received_at) as took_ms
from silver.trades_deduped
where symbol = '$symbol'
order by trade_id desc
limit 200
