{#
    Candles without waiting for a run of the models: what is settled, and on top of it what the lines that came since
    make of it. For Snowflake, where a run comes every few minutes.

    From a minute on that lies shortly before the newest settled trade, candles are made of SILVER and of RAW's lines
    together; before it, what is settled counts. That minute is a literal, as all bounds in here: a view whose bounds
    are subqueries reads whole tables. So the owner makes the views anew as it goes on (warehouse/snowflake/views.py);
    an older view shows the same, and reads more. Trades from before that minute come with the next run, and minutes
    without trades, too; a candle with trades beyond SILVER does not claim to be complete.
#}

{# When the tail begins, as an expression: a whole minute, `earlier` minutes before. #}
{% macro tail_begins(earlier=0) -%}
    (
        select date_trunc('minute', coalesce(max(last_traded_at), timestamp '1971-01-01'))
            - interval '{{ var("copy_window_minutes") + earlier }} minutes'
        from {{ ref('tape_spans') }}
    )
{%- endmacro %}


{# The view over a gold table of candles made from trades. #}
{% macro live_candles_from_trades(settled, unit) -%}
{%- set begins = constant(tail_begins()) -%}
with

{{ parsed_copies(
    'loaded_at > ' ~ constant(tail_begins(var('lookback_minutes'))), relation=source('raw', 'binance_landed')
) }},

held as (

    {{ held_copies() }}
    from {{ ref('trades_deduped') }}
    where traded_at >= {{ constant(tail_begins(var('copy_window_minutes'))) }}

),

trades as (

    select
        symbol,
        trade_id,
        price,
        quantity,
        {{ quote_of('price', 'quantity') }} as quote_quantity,
        is_buyer_maker,
        date_trunc('{{ unit }}', traded_at) as open_time,
        loaded_at,
        is_held
    from (
        select
            {{ copy_columns() }},
            row_number,
            is_held
        from copies
        where traded_at >= {{ begins }}

        union all

        select * from held
    ) as candidates
    qualify row_number() over (
        partition by symbol, trade_id
        order by is_held desc, {{ copy_order() }}, loaded_at, received_at, row_number
    ) = 1

),

heads as (

    select
        symbol,
        max(open_time) as open_time
    from trades
    where open_time >= {{ begins }}
    group by symbol

),

candles as (

    select
        symbol,
        open_time,
        {{ candle_from_trades() }}
    from trades
    where open_time >= {{ begins }}
    group by symbol, open_time
    having count(case when not is_held then 1 end) > 0

),

fresh as (

    select
        candles.*,
        heads.open_time > candles.open_time as is_closed,
        false as is_complete
    from candles
    inner join heads
        on candles.symbol = heads.symbol

),

settled as (

    {{ settled_candles(settled) }}
    where not {{ exists_in('fresh', 'candles') }}

),

{{ settled_and_fresh() }}
{%- endmacro %}


{# The view over a gold table of larger candles: as `candles_from_minutes`, of the minutes' live candles. #}
{% macro live_candles_from_minutes(settled, label, opens='label', closes='label') -%}
{%- set begins %}
        (
            select {{ opens }}
            from (select {{ label }} as label from (select {{ tail_begins() }} as open_time) as tail) as labels
        )
{%- endset -%}
with

minutes as (

    select
        {{ label }} as label,
        symbol,
        open_time,
        {{ candle_columns() }},
        is_complete
    from {{ ref('trades_ohlc_1m_live') }}
    where open_time >= {{ constant(begins) }}

),

heads as (

    select
        symbol,
        max(open_time) as open_time
    from minutes
    group by symbol

),

candles as (

    select
        symbol,
        label,
        {{ candle_from_minutes() }},
        count(case when is_complete then 1 end) as complete_minutes
    from minutes
    group by symbol, label

),

placed as (

    select
        *,
        {{ opens }} as open_time,
        {{ closes }} as closed_at
    from candles

),

fresh as (

    select
        placed.*,
        heads.open_time >= placed.closed_at as is_closed,
        placed.complete_minutes = {{ minutes_between('placed.open_time', 'placed.closed_at') }} as is_complete
    from placed
    inner join heads
        on placed.symbol = heads.symbol

),

settled as (

    {{ settled_candles(settled) }}
    where candles.open_time < {{ constant(begins) }}

),

{{ settled_and_fresh() }}
{%- endmacro %}


{# Settled candles, closed where the tail shows a later trade. #}
{% macro settled_candles(settled) -%}
    select
        {%- for column in [
            'symbol', 'open_time', 'open', 'high', 'low', 'close', 'volume', 'quote_volume', 'trade_count',
            'taker_buy_volume', 'taker_buy_quote_volume', 'vwap', 'first_trade_id', 'last_trade_id',
        ] %}
        candles.{{ column }},
        {%- endfor %}
        candles.is_closed or coalesce(heads.open_time > candles.open_time, false) as is_closed,
        candles.is_complete,
        candles.open_time_ist,
        candles.loaded_at
    from {{ ref(settled) }} as candles
    left join heads
        on candles.symbol = heads.symbol
{%- endmacro %}


{% macro settled_and_fresh() -%}
final as (

    select * from settled

    union all

    select
        {{ gold_columns() }}
    from fresh

)

select * from final
{%- endmacro %}
