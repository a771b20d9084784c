{{ config(unique_key=['symbol', 'day'], full_refresh=false, tags='audit', meta={'time': none}) }}

with

manifests as (

    select *
    from (

        {{ raw_events('manifest', {'created_at': 'created', 'days': 'days'}, is_news()) }}

    ) as all_manifests
    where days <> '[]'

),

notes as (

    {{ notes_of(
        'manifests',
        ['symbol', 'day', 'state', 'why', 'first_id', 'last_id', 'count', 'declared', 'digest', 'file'],
    ) }}

),

typed as (

    select
        symbol,
        cast(day as date) as day,
        state,
        nullif(why, '') as why,
        try_cast(first_id as bigint) as first_trade_id,
        try_cast(last_id as bigint) as last_trade_id,
        cast(count as bigint) as trade_count,
        cast(declared as bigint) as declared_count,
        nullif(digest, '') as digest,
        nullif(file, '') as sealed_file,
        {{ to_timestamp('created_at') }} as noted_at,
        loaded_at
    from notes

),

-- A seal is the last word on a day, until it is said to be lost; of others the newest is. Objects come in any order.
known as (

    select * from typed

    {% if is_incremental() %}
    union all

    select * from {{ this }} where (symbol, day) in (select symbol, day from typed)
    {% endif %}

),

ranked as (

    select
        *,
        max(loaded_at) over (partition by symbol, day) as newest_loaded_at,
        row_number() over (
            partition by symbol, day
            order by case when state in ('sealed', 'lost') then 0 else 1 end, noted_at desc, digest
        ) as place
    from known

),

final as (

    select
        symbol,
        day,
        state,
        why,
        first_trade_id,
        last_trade_id,
        trade_count,
        declared_count,
        digest,
        sealed_file,
        noted_at,
        newest_loaded_at as loaded_at
    from ranked
    where place = 1

)

select * from final
