{#
    A gold table of larger candles, rolled up from those of a minute. `label` names the interval that a minute belongs
    to, as an expression over `open_time`; `opens` and `closes` say when the one named `label` does.

    closed    a trade of a later interval is known
    complete  all its minutes are there and complete

    Every change of a larger candle comes with a change of one of its minutes: so an incremental run makes those anew
    that have a changed minute.
#}
{% macro candles_from_minutes(label, opens='label', closes='label') -%}
{%- set changed = ref('trades_ohlc_1m') ~ ' where ' ~ is_news() -%}
{%- set news = '(select distinct ' ~ label ~ ' as label from ' ~ changed ~ ') as news' -%}
with

minutes as (

    select
        {{ label }} as label,
        symbol,
        {{ candle_columns() }},
        is_complete
    from {{ ref('trades_ohlc_1m') }}
    where {{ is_in_touched_period('open_time', news=news, opens=opens, closes=closes) }}

),

heads as (

    select
        symbol,
        date_trunc('minute', max(last_traded_at)) as open_time
    from {{ ref('tape_spans') }}
    group by symbol

),

made as (

    select
        symbol,
        label,
        {{ candle_from_minutes() }},
        count(case when is_complete then 1 end) as complete_minutes
    from minutes
    group by symbol, label

),

-- One with a changed minute is news itself; those of other symbols are not.
candles as (

    select * from made where {{ is_news() }}

),

placed as (

    select
        *,
        {{ opens }} as open_time,
        {{ closes }} as closed_at
    from candles

),

proved as (

    select
        placed.*,
        heads.open_time >= placed.closed_at as is_closed,
        placed.complete_minutes = {{ minutes_between('placed.open_time', 'placed.closed_at') }} as is_complete
    from placed
    inner join heads
        on placed.symbol = heads.symbol

),

final as (

    select
        {{ gold_columns() }}
    from proved

)

select * from final
{%- endmacro %}


{# The day of a zone that a timestamp lies in, as its midnight by the wall clock there. #}
{% macro local_day(timestamp, zone) -%}
    date_trunc('day', {{ to_zone(timestamp, zone) }})
{%- endmacro %}


{#
    The instant (UTC) of the wall clock of a zone. Where clocks are set back over midnight there are two of them: the
    first, since a day starts with the first of its midnights.
#}
{% macro first_instant(wall_clock, zone) -%}
    {%- set instant = from_zone(wall_clock, zone) -%}
    {%- set earlier = instant ~ " - interval '1 hour'" -%}
    case when {{ to_zone(earlier, zone) }} = {{ wall_clock }} then {{ earlier }} else {{ instant }} end
{%- endmacro %}
