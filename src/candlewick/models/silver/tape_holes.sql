{{ config(unique_key='symbol', full_refresh=false, tags='audit', meta={'time': none}) }}

with

manifests as (

    select
        object_name,
        covered,
        declared,
        created_at,
        loaded_at
    from {{ ref('object_manifests') }}
    where (covered is not null or declared is not null) and {{ is_news() }}

),

covered as (

    {{ ranges_of('manifests', 'covered') }}

),

declared as (

    {{ ranges_of('manifests', 'declared') }}

),

followed as (

    select
        *,
        lead(first_trade_id) over (partition by object_name, symbol order by first_trade_id) as next_trade_id
    from covered

),

reports as (

    select
        symbol,
        'missing' as kind,
        last_trade_id + 1 as first_trade_id,
        next_trade_id - 1 as last_trade_id,
        created_at as reported_at,
        loaded_at
    from followed
    where next_trade_id is not null

    union all

    select
        symbol,
        'declared' as kind,
        first_trade_id,
        last_trade_id,
        created_at as reported_at,
        loaded_at
    from declared

),

all_reports as (

    select * from reports

    {% if is_incremental() %}
    union all

    select
        symbol,
        kind,
        first_trade_id,
        last_trade_id,
        first_reported_at as reported_at,
        loaded_at
    from {{ this }}
    where symbol in (select symbol from reports)
    {% endif %}

),

holes as (

    select
        symbol,
        kind,
        first_trade_id,
        last_trade_id,
        min(reported_at) as first_reported_at,
        max(loaded_at) as loaded_at
    from all_reports
    group by symbol, kind, first_trade_id, last_trade_id

),

-- A hole shrinks while it is filled. What it was when it was first seen contains all that was reported of it since.
marked as (

    select
        *,
        max(last_trade_id) over (
            partition by symbol, kind
            order by first_trade_id, last_trade_id desc rows between unbounded preceding and 1 preceding
        ) as reached_trade_id
    from holes

),

final as (

    select
        symbol,
        kind,
        first_trade_id,
        last_trade_id,
        first_reported_at,
        max(loaded_at) over (partition by symbol) as loaded_at
    from marked
    where reached_trade_id is null or last_trade_id > reached_trade_id

)

select * from final
