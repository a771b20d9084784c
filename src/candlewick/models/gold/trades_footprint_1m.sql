with

trades as {{ read_each_time() }}(

    select
        symbol,
        trade_id,
        date_trunc('minute', traded_at) as open_time,
        price,
        quantity,
        quote_quantity,
        is_buyer_maker,
        case when is_buyer_maker then -quantity else quantity end as signed_quantity,
        loaded_at
    from {{ ref('trades_deduped') }}
    where {{ is_in_touched_period(
        'traded_at',
        news='(select traded_at from ' ~ ref('trades_deduped') ~ ' where ' ~ is_news() ~ ') as news',
        opens="date_trunc('minute', traded_at)",
        closes="date_trunc('minute', traded_at) + interval '1 minute'",
    ) }}

),

-- Delta after each trade, in the order of the ids, from anywhere before the minute on.
followed as (

    select
        symbol,
        open_time,
        trade_id,
        signed_quantity,
        sum(signed_quantity) over ({{ in_parts('symbol, open_time', 'trade_id') }}) as reached
    from {{ sorted_by_parts('trades', 'symbol, open_time', 'trade_id') }}

),

deltas as (

    select
        symbol,
        open_time,
        cast(min(reached) - min_by(reached - signed_quantity, trade_id) as decimal(38, 8)) as min_delta,
        cast(max(reached) - min_by(reached - signed_quantity, trade_id) as decimal(38, 8)) as max_delta
    from followed
    group by symbol, open_time

),

sums as (

    select
        symbol,
        open_time,
        min(price) as low,
        max(price) as high,
        count(*) as trade_count,
        min(trade_id) as first_trade_id,
        max(trade_id) as last_trade_id,
        max(loaded_at) as loaded_at
    from trades
    group by symbol, open_time

),

stepped as (

    select
        sums.*,
        deltas.min_delta,
        deltas.max_delta,
        {{ step_of('low', 'high', 'trade_count') }} as step
    from sums
    inner join deltas
        on sums.symbol = deltas.symbol
        and sums.open_time = deltas.open_time
    where {{ is_news() }}

),

placed as (

    select
        trades.symbol,
        trades.open_time,
        {{ level_of_each('trades.price', 'stepped.step') }} as level,
        stepped.step,
        trades.price,
        trades.quantity,
        trades.quote_quantity,
        trades.is_buyer_maker,
        stepped.min_delta,
        stepped.max_delta,
        stepped.first_trade_id,
        stepped.last_trade_id,
        stepped.loaded_at
    from trades
    inner join stepped
        on trades.symbol = stepped.symbol
        and trades.open_time = stepped.open_time

),

final as (

    select
        symbol,
        open_time,
        cast(level as decimal(38, 8)) as price,
        step,
        cast(sum(case when is_buyer_maker then 0 else quantity end) as decimal(38, 8)) as buy_volume,
        cast(sum(case when is_buyer_maker then quantity else 0 end) as decimal(38, 8)) as sell_volume,
        cast(sum(case when is_buyer_maker then 0 else quote_quantity end) as decimal(38, 8)) as buy_quote_volume,
        cast(sum(case when is_buyer_maker then quote_quantity else 0 end) as decimal(38, 8)) as sell_quote_volume,
        cast(count(case when is_buyer_maker then null else 1 end) as bigint) as buy_count,
        cast(count(case when is_buyer_maker then 1 end) as bigint) as sell_count,
        max(price) as high,
        min(price) as low,
        min_delta,
        max_delta,
        first_trade_id,
        last_trade_id,
        loaded_at
    from placed
    group by
        symbol, open_time, level, step, min_delta, max_delta, first_trade_id, last_trade_id, loaded_at

)

select * from final
