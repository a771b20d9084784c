{{ config(incremental_strategy='append', full_refresh=false, tags='audit') }}

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
        {{ noted_at() }} as loaded_at
    from spans

)

select * from final
