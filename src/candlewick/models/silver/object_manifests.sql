{{ config(unique_key='object_name', incremental_strategy='append', full_refresh=false, meta={'time': 'created_at'}) }}

with

manifests as (

    {{ raw_events(
        'manifest',
        {
            'recorder': 'recorder',
            'sequence_number': 'seq',
            'created_at': 'created',
            'covered': 'covered',
            'declared': 'declared',
            'klines': 'klines',
        },
        is_new_object(),
    ) }}

),

final as (

    select
        object_name,
        recorder,
        cast(sequence_number as bigint) as sequence_number,
        {{ to_timestamp('created_at') }} as created_at,
        coalesce(klines, '{}') <> '{}' as has_klines,
        -- A list of more than one range has `],[` in it. Nearly all manifests have none: kept as null, they cost nothing.
        case when covered like '%],[%' then covered end as covered,
        case when declared <> '{}' then declared end as declared,
        loaded_at
    from manifests
    {{ each_once(['object_name']) }}

)

select * from final
