{#
    Candles without waiting for a run of the models: what is settled, and on top of it what the tail of RAW makes of the
    candles that it touches. For Snowflake, where a run takes tens of seconds.

    A candle that the tail touches does not claim to be complete, and minutes without trades come with the next run.
#}

{# True for lines of RAW that a run of the models may not have seen. #}
{% macro is_in_tail() -%}
    loaded_at > (
        select coalesce(max(loaded_at), timestamp '1970-01-01') - interval '{{ var("lookback_minutes") }} minutes'
        from {{ ref('trades_deduped') }}
    )
{%- endmacro %}


{# The view over a gold table of candles made from trades. #}
{% macro live_candles_from_trades(settled, unit) -%}
with

tail as (

    select
        *,
        date_trunc('{{ unit }}', traded_at) as open_time
    from {{ ref('trades_tail') }}

),

touched as (

    select distinct
        symbol,
        open_time
    from tail

),

trades as (

    select * from tail

    union all

    select
        *,
        date_trunc('{{ unit }}', traded_at) as open_time
    from {{ ref('trades_deduped') }}
    where traded_at >= (select min(open_time) from touched)

),

candles as (

    select
        symbol,
        open_time,
        {{ candle_from_trades() }}
    from trades
    where {{ exists_in('touched', 'trades') }}
    group by symbol, open_time

),

{{ heads_of_tape(unit) }}

fresh as (

    select
        candles.*,
        heads.open_time > candles.open_time as is_closed,
        false as is_complete
    from candles
    inner join heads
        on candles.symbol = heads.symbol

),

{{ settled_and_fresh(settled) }}
{%- endmacro %}


{# The view over a gold table of larger candles: as `candles_from_minutes`, of the minutes' live candles. #}
{% macro live_candles_from_minutes(settled, label, opens='label', closes='label') -%}
with

{{ heads_of_tape('minute') }}

labels as (

    select distinct
        symbol,
        {{ label }} as label
    from (select distinct symbol, date_trunc('minute', traded_at) as open_time from {{ ref('trades_tail') }}) as minutes

),

minutes as (

    select
        {{ label }} as label,
        symbol,
        {{ candle_columns() }}
    from {{ ref('trades_ohlc_1m_live') }}
    where open_time >= (select min({{ opens }}) from labels)

),

candles as (

    select
        symbol,
        label,
        {{ candle_from_minutes() }}
    from minutes
    where exists (
        select 1
        from labels
        where labels.symbol = minutes.symbol and labels.label = minutes.label
    )
    group by symbol, label

),

placed as (

    select
        *,
        {{ opens }} as open_time,
        {{ closes }} as closed_at
    from candles

),

touched as (

    select
        symbol,
        open_time
    from placed

),

fresh as (

    select
        placed.*,
        heads.open_time >= placed.closed_at as is_closed,
        false as is_complete
    from placed
    inner join heads
        on placed.symbol = heads.symbol

),

{{ settled_and_fresh(settled) }}
{%- endmacro %}


{# The CTEs `heads`, the interval of each symbol's newest trade, and `tail_heads`, of its newest trade in the tail. #}
{% macro heads_of_tape(unit) -%}
tail_heads as (

    select
        symbol,
        date_trunc('{{ unit }}', max(traded_at)) as open_time
    from {{ ref('trades_tail') }}
    group by symbol

),

heads as (

    select
        symbol,
        max(open_time) as open_time
    from (
        select * from tail_heads

        union all

        select
            symbol,
            date_trunc('{{ unit }}', last_traded_at) as open_time
        from {{ ref('tape_spans') }}
    ) as both_heads
    group by symbol

),
{%- endmacro %}


{# The end of a live view: the settled candles that the tail does not touch, closed where it shows it; and `fresh`. #}
{% macro settled_and_fresh(settled) -%}
settled as (

    select
        {{ live_columns('candles', "candles.is_closed or coalesce(tail_heads.open_time > candles.open_time, false)") }}
    from {{ ref(settled) }} as candles
    left join tail_heads
        on candles.symbol = tail_heads.symbol
    where not {{ exists_in('touched', 'candles') }}

),

final as (

    select * from settled

    union all

    select
        {{ gold_columns() }}
    from fresh

)

select * from final
{%- endmacro %}


{% macro live_columns(relation, is_closed) -%}
    {%- for column in [
        'symbol', 'open_time', 'open', 'high', 'low', 'close', 'volume', 'quote_volume', 'trade_count',
        'taker_buy_volume', 'taker_buy_quote_volume', 'vwap', 'first_trade_id', 'last_trade_id',
    ] %}
    {{- relation }}.{{ column }},
        {% endfor -%}
    {{ is_closed }} as is_closed,
        {{ relation }}.is_complete,
        {{ relation }}.open_time_ist,
        {{ relation }}.loaded_at
{%- endmacro %}
