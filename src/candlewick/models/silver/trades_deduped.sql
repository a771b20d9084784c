{{ config(
    unique_key=['symbol', 'trade_id'],
    full_refresh=false,
    meta={'time': 'traded_at', 'is_stamped': true, 'is_local': true, 'computed': computed_trade_columns()},
) }}
{%- set slack = "interval '" ~ var('copy_window_minutes') ~ " minutes'" %}

with

{{ copies_in_raw(is_news()) }}

{% if is_incremental() %}

held as (

    select *
    from {{ this }}
    where (symbol, trade_id) in (select symbol, trade_id from copies)
        and {{ is_in_touched_period(
            'traded_at',
            news=times_in_raw(),
            opens="date_trunc('minute', traded_at) - " ~ slack,
            closes="date_trunc('minute', traded_at) + interval '1 minute' + " ~ slack,
        ) }}

),

{% endif %}

candidates as (

    select * from copies

    {%- if is_incremental() %}

    union all

    {{ held_copies() }}
    from held
    {%- endif %}

),

-- A copy replaces the one that is held where it counts more, and only there: a second delivery changes nothing.
{{ best_of_each('candidates', copy_order() ~ ', is_held desc, loaded_at, received_at, row_number') }}

final as (

    select
        {{ trade_columns() }}
    from new_trades
    where not is_held
    order by symbol, trade_id

)

select * from final
