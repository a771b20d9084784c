{{ config(unique_key='symbol', full_refresh=false, meta={'time': none}) }}

with

trades as (

    select
        symbol,
        trade_id,
        traded_at,
        received_at,
        loaded_at
    from {{ ref('trades_deduped') }}
    where {{ is_news() }}

),

{{ numbered_spans('trades') }}

new_spans as (

    select
        symbol,
        min(trade_id) as first_trade_id,
        max(trade_id) as last_trade_id,
        min_by(received_at, trade_id) as first_received_at,
        max(traded_at) as last_traded_at,
        max(loaded_at) as loaded_at
    from numbered
    group by symbol, span

),

spans as (

    select * from new_spans

    {% if is_incremental() %}
    union all

    select
        symbol,
        first_trade_id,
        last_trade_id,
        first_received_at,
        last_traded_at,
        loaded_at
    from {{ this }}
    where symbol in (select symbol from new_spans)
    {% endif %}

),

marked as (

    select
        *,
        max(last_trade_id) over (
            partition by symbol
            order by first_trade_id, last_trade_id rows between unbounded preceding and 1 preceding
        ) as reached_trade_id
    from spans

),

merged as (

    select
        *,
        sum(case when first_trade_id <= reached_trade_id + 1 then 0 else 1 end) over (
            partition by symbol
            order by first_trade_id, last_trade_id rows unbounded preceding
        ) as merged_span
    from marked

),

final as (

    select
        symbol,
        min(first_trade_id) as first_trade_id,
        max(last_trade_id) as last_trade_id,
        min_by(first_received_at, first_trade_id) as first_received_at,
        max(last_traded_at) as last_traded_at,
        max(loaded_at) as loaded_at
    from merged
    group by symbol, merged_span

)

select * from final
