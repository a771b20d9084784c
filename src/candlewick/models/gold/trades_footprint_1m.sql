with

trades as (

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
        *,
        sum(signed_quantity) over ({{ in_parts('symbol, open_time', 'trade_id') }}) as reached
    from trades

),

minutes as (

    select
        symbol,
        open_time,
        min(price) as low,
        max(price) as high,
        count(*) as trade_count,
        cast(min(reached) - min_by(reached - signed_quantity, trade_id) as decimal(38, 8)) as min_delta,
        cast(max(reached) - min_by(reached - signed_quantity, trade_id) as decimal(38, 8)) as max_delta,
        min(trade_id) as first_trade_id,
        max(trade_id) as last_trade_id,
        max(loaded_at) as loaded_at
    from followed
    group by symbol, open_time

),

stepped as (

    select
        *,
        {{ step_of('low', 'high', 'trade_count') }} as step
    from minutes
    where {{ is_news() }}

),

placed as (

    select
        followed.symbol,
        followed.open_time,
        {{ level_of('followed.price', 'stepped.step') }} as level,
        stepped.step,
        followed.price,
        followed.quantity,
        followed.quote_quantity,
        followed.is_buyer_maker,
        stepped.min_delta,
        stepped.max_delta,
        stepped.first_trade_id,
        stepped.last_trade_id,
        stepped.loaded_at
    from followed
    inner join stepped
        on followed.symbol = stepped.symbol
        and followed.open_time = stepped.open_time

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
