{{ config(materialized='table', tags='audit') }}

{%- set known_relation = known_gaps() %}

with

spans as (

    select * from {{ ref('tape_spans') }}

),

reported as (

    select * from {{ ref('tape_holes') }} where kind = 'missing'

),

declared as (

    select * from {{ ref('tape_holes') }} where kind = 'declared'

),

followed as (

    select
        symbol,
        last_trade_id + 1 as first_trade_id,
        lead(first_trade_id) over (partition by symbol order by first_trade_id) - 1 as last_trade_id,
        lead(first_received_at) over (partition by symbol order by first_trade_id) as noticed_at
    from spans

),

missing as (

    select * from followed where last_trade_id is not null

),

-- The recorder reports a hole when it sees it; what is missing here and was never reported is a gap as well.
gaps as (

    select
        symbol,
        first_trade_id,
        last_trade_id,
        first_reported_at as first_seen_at
    from reported

    union all

    select
        symbol,
        first_trade_id,
        last_trade_id,
        noticed_at as first_seen_at
    from missing
    where not exists (
        select 1
        from reported
        where reported.symbol = missing.symbol
            and reported.first_trade_id <= missing.first_trade_id
            and reported.last_trade_id >= missing.last_trade_id
    )

),

missing_counts as (

    select
        gaps.symbol,
        gaps.first_trade_id,
        gaps.last_trade_id,
        sum(
            least(gaps.last_trade_id, missing.last_trade_id)
            - greatest(gaps.first_trade_id, missing.first_trade_id) + 1
        ) as ids
    from gaps
    inner join missing
        on gaps.symbol = missing.symbol
        and gaps.first_trade_id <= missing.last_trade_id
        and gaps.last_trade_id >= missing.first_trade_id
    group by gaps.symbol, gaps.first_trade_id, gaps.last_trade_id

),

declared_counts as (

    select
        gaps.symbol,
        gaps.first_trade_id,
        gaps.last_trade_id,
        sum(
            least(gaps.last_trade_id, missing.last_trade_id, declared.last_trade_id)
            - greatest(gaps.first_trade_id, missing.first_trade_id, declared.first_trade_id) + 1
        ) as ids
    from gaps
    inner join missing
        on gaps.symbol = missing.symbol
        and gaps.first_trade_id <= missing.last_trade_id
        and gaps.last_trade_id >= missing.first_trade_id
    inner join declared
        on gaps.symbol = declared.symbol
        and greatest(gaps.first_trade_id, missing.first_trade_id) <= declared.last_trade_id
        and least(gaps.last_trade_id, missing.last_trade_id) >= declared.first_trade_id
    group by gaps.symbol, gaps.first_trade_id, gaps.last_trade_id

),

counted as (

    select
        gaps.symbol,
        gaps.first_trade_id,
        gaps.last_trade_id,
        gaps.first_seen_at,
        cast(coalesce(missing_counts.ids, 0) as bigint) as missing_count,
        cast(coalesce(declared_counts.ids, 0) as bigint) as declared_count,
        case
            when missing_counts.ids is null then 'filled'
            when missing_counts.ids = declared_counts.ids then 'declared'
            else 'open'
        end as state
    from gaps
    left join missing_counts
        on gaps.symbol = missing_counts.symbol
        and gaps.first_trade_id = missing_counts.first_trade_id
        and gaps.last_trade_id = missing_counts.last_trade_id
    left join declared_counts
        on gaps.symbol = declared_counts.symbol
        and gaps.first_trade_id = declared_counts.first_trade_id
        and gaps.last_trade_id = declared_counts.last_trade_id

),

-- What an earlier run found out about a gap is taken over.
known as (

    {% if known_relation -%}
    select * from {{ known_relation }}
    {%- else -%}
    select
        symbol,
        first_trade_id as first_missing_id,
        last_trade_id as last_missing_id,
        missing_count,
        cast(null as timestamp) as previous_traded_at,
        cast(null as timestamp) as next_traded_at,
        cast(null as timestamp) as filled_at
    from counted
    where false
    {%- endif %}

),

-- Only a gap that changed, or whose neighbour came later than the report of the gap, is looked up in SILVER.
changed as (

    select counted.*
    from counted
    left join known
        on counted.symbol = known.symbol
        and counted.first_trade_id = known.first_missing_id
        and counted.last_trade_id = known.last_missing_id
    left join spans as before
        on counted.symbol = before.symbol
        and counted.first_trade_id - 1 between before.first_trade_id and before.last_trade_id
    left join spans as after
        on counted.symbol = after.symbol
        and counted.last_trade_id + 1 between after.first_trade_id and after.last_trade_id
    where known.symbol is null
        or known.missing_count <> counted.missing_count
        or (known.previous_traded_at is null and before.symbol is not null)
        or (known.next_traded_at is null and after.symbol is not null)

),

edges as (

    select
        symbol,
        first_trade_id - 1 as trade_id
    from changed

    union

    select
        symbol,
        first_trade_id as trade_id
    from changed

    union

    select
        symbol,
        last_trade_id as trade_id
    from changed

    union

    select
        symbol,
        last_trade_id + 1 as trade_id
    from changed

),

trades as (

    select
        edges.symbol,
        edges.trade_id,
        trades_deduped.traded_at,
        trades_deduped.received_at
    from edges
    inner join {{ ref('trades_deduped') }} as trades_deduped
        on edges.symbol = trades_deduped.symbol
        and edges.trade_id = trades_deduped.trade_id
        and {{ is_near_new_trades('trades_deduped.traded_at') }}

),

looked_up as (

    select
        changed.symbol,
        changed.first_trade_id,
        changed.last_trade_id,
        before.traded_at as previous_traded_at,
        after.traded_at as next_traded_at,
        greatest(lowest.received_at, highest.received_at) as filled_at
    from changed
    left join trades as before
        on changed.symbol = before.symbol
        and changed.first_trade_id - 1 = before.trade_id
    left join trades as lowest
        on changed.symbol = lowest.symbol
        and changed.first_trade_id = lowest.trade_id
    left join trades as highest
        on changed.symbol = highest.symbol
        and changed.last_trade_id = highest.trade_id
    left join trades as after
        on changed.symbol = after.symbol
        and changed.last_trade_id + 1 = after.trade_id

),

final as (

    select
        counted.symbol,
        counted.first_trade_id as first_missing_id,
        counted.last_trade_id as last_missing_id,
        counted.state,
        counted.missing_count,
        counted.declared_count,
        coalesce(looked_up.previous_traded_at, known.previous_traded_at) as previous_traded_at,
        coalesce(looked_up.next_traded_at, known.next_traded_at) as next_traded_at,
        counted.first_seen_at,
        case when counted.state = 'filled' then coalesce(looked_up.filled_at, known.filled_at) end as filled_at
    from counted
    left join known
        on counted.symbol = known.symbol
        and counted.first_trade_id = known.first_missing_id
        and counted.last_trade_id = known.last_missing_id
    left join looked_up
        on counted.symbol = looked_up.symbol
        and counted.first_trade_id = looked_up.first_trade_id
        and counted.last_trade_id = looked_up.last_trade_id

)

select * from final
