{{ config(materialized='view', contract={'enforced': false}, enabled=target.type == 'snowflake') }}

with

{{ copies_in_raw(is_in_tail()) }}

held as (

    select
        symbol,
        trade_id
    from {{ ref('trades_deduped') }}
    where traded_at >= (
        select min(traded_at) - interval '{{ var("copy_window_minutes") }} minutes'
        from copies
    )

),

new_trades as (

    select *
    from copies
    where not exists (
        select 1
        from held
        where held.symbol = copies.symbol
            and held.trade_id = copies.trade_id
    )
    qualify row_number() over (
        partition by symbol, trade_id
        order by {{ copy_order() }}, loaded_at, received_at, row_number
    ) = 1

),

final as (

    select
        {{ trade_columns() }}
    from new_trades

)

select * from final
