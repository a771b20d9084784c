{{ config(
    unique_key=['object_name', 'symbol', 'first_trade_id'],
    incremental_strategy='append',
    full_refresh=false,
    tags='audit',
    meta={'time': 'created_at'},
) }}

with

manifests as (

    {{ raw_events('manifest', {'recorder': 'recorder', 'created_at': 'created', 'spans': 'spans'}, is_new_object()) }}

),

spans as (

    {{ ranges_of('manifests', 'spans', key='ranges') }}

),

final as (

    select
        symbol,
        first_trade_id,
        last_trade_id,
        object_name,
        recorder,
        {{ to_timestamp('created_at') }} as created_at,
        loaded_at
    from spans
    {{ each_once(['object_name', 'symbol', 'first_trade_id']) }}

)

select * from final
