{#
    A gold table of candles made from trades: one per `unit` (second, minute) that has trades and, `with_flat`, the flat
    ones between them.

    closed    a trade of a later interval is known
    complete  closed, and every id from the one before its first trade to the one after its last is in the tape: none is
              missing inside, and the neighbours adjoin
    flat      of a minute without trades between two candles whose ids adjoin: proof that nothing was traded in it

    An incremental run makes the candles anew that got trades, looks again at those that were not complete, and adds the
    flat candles that the new ones prove.
#}
{% macro candles_from_trades(unit, with_flat=false) -%}
{%- set news = '(select traded_at from ' ~ ref('trades_deduped') ~ ' where ' ~ is_news() ~ ') as news' -%}
{%- set period = {
    'news': news,
    'opens': "date_trunc('minute', traded_at)",
    'closes': "date_trunc('minute', traded_at) + interval '1 minute'",
} -%}
with

trades as (

    select *
    from {{ ref('trades_deduped') }}
    where {{ is_in_touched_period('traded_at', **period) }}

),

spans as (

    select * from {{ ref('tape_spans') }}

),

heads as (

    select
        symbol,
        date_trunc('{{ unit }}', max(last_traded_at)) as open_time,
        max(loaded_at) as loaded_at
    from spans
    group by symbol

),

placed as (

    select
        *,
        date_trunc('{{ unit }}', traded_at) as open_time
    from trades

),

made as (

    select
        symbol,
        open_time,
        {{ candle_from_trades() }}
    from placed
    group by symbol, open_time

),

-- A candle with a new trade is news itself; others of its minute are not.
traded as (

    select * from made where {{ is_news() }}

),

candles as (

    select
        *,
        cast(null as boolean) as was_closed
    from traded

    {%- if is_incremental() %}

    union all

    select
        symbol,
        open_time,
        {{ candle_columns() }},
        is_closed as was_closed
    from {{ this }} as unsettled
    where not is_complete
        and {{ is_near_touched_period('open_time', **period) }}
        and not {{ exists_in('traded', 'unsettled') }}
    {%- endif %}

),

proved as (

    select
        candles.*,
        heads.loaded_at as proved_at,
        heads.open_time > candles.open_time as is_closed,
        heads.open_time > candles.open_time
            and candles.trade_count = candles.last_trade_id - candles.first_trade_id + 1
            and spans.symbol is not null as is_complete
    from candles
    inner join heads
        on candles.symbol = heads.symbol
    left join spans
        on candles.symbol = spans.symbol
        and candles.first_trade_id > spans.first_trade_id
        and candles.last_trade_id < spans.last_trade_id

),

changed as (

    select
        symbol,
        open_time,
        {{ candle_columns(loaded_at='case when was_closed is null then loaded_at else proved_at end as loaded_at') }},
        is_closed,
        is_complete
    from proved
    where was_closed is null or was_closed <> is_closed or is_complete

),
{%- if with_flat %}

{{ where_apart(flat_candles(period)) }}
{%- endif %}

final as (

    select
        {{ gold_columns() }}
    from changed
    {%- if with_flat %}

    {{ where_apart('union all select ' ~ gold_columns() ~ ' from flat') }}
    {%- endif %}

)

select * from final
{%- endmacro %}


{# Whether the (symbol, open_time) of a row is in another relation. #}
{% macro exists_in(keys, relation, condition=none) -%}
    exists (
        select 1
        from {{ keys }} as known
        where known.symbol = {{ relation }}.symbol and known.open_time = {{ relation }}.open_time
            {%- if condition %}
            and {{ condition }}
            {%- endif %}
    )
{%- endmacro %}


{# The CTE `flat`, after `traded`: flat candles between two adjoining ones of which this run made at least one. #}
{% macro flat_candles(period) -%}
adjoining as (

    select
        before.symbol,
        before.open_time as opened_at,
        after.open_time as closed_at,
        before.close,
        greatest(before.loaded_at, after.loaded_at) as loaded_at
    from traded as before
    inner join traded as after
        on before.symbol = after.symbol
        and before.last_trade_id = after.first_trade_id - 1
    {%- if is_incremental() %}

    union all

    select
        before.symbol,
        before.open_time as opened_at,
        after.open_time as closed_at,
        before.close,
        after.loaded_at
    from {{ this }} as before
    inner join traded as after
        on before.symbol = after.symbol
        and before.last_trade_id = after.first_trade_id - 1
    where {{ is_near_touched_period('before.open_time', **period) }}
        and not {{ exists_in('traded', 'before') }}

    union all

    select
        before.symbol,
        before.open_time as opened_at,
        after.open_time as closed_at,
        before.close,
        before.loaded_at
    from traded as before
    inner join {{ this }} as after
        on before.symbol = after.symbol
        and before.last_trade_id = after.first_trade_id - 1
    where {{ is_near_touched_period('after.open_time', **period) }}
        and not {{ exists_in('traded', 'after') }}
    {%- endif %}

),

apart as (

    select * from adjoining where opened_at + interval '1 minute' < closed_at

),

empty_minutes as (

    {{ each_minute_between('apart', 'opened_at', 'closed_at') }}

),

flat as (

    select
        symbol,
        minute as open_time,
        close as open,
        close as high,
        close as low,
        close,
        cast(0 as decimal(38, 8)) as volume,
        cast(0 as decimal(38, 8)) as quote_volume,
        cast(0 as bigint) as trade_count,
        cast(0 as decimal(38, 8)) as taker_buy_volume,
        cast(0 as decimal(38, 8)) as taker_buy_quote_volume,
        cast(null as bigint) as first_trade_id,
        cast(null as bigint) as last_trade_id,
        loaded_at,
        true as is_closed,
        true as is_complete
    from (select *, minute as open_time from empty_minutes) as empty
    where not {{ exists_in('traded', 'empty') }}
    {%- if is_incremental() %}
        and not {{ exists_in(this, 'empty', is_near_touched_period('known.open_time', **period)) }}
    {%- endif %}

),
{%- endmacro %}
