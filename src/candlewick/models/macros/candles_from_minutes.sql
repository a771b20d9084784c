{#
    A gold table of larger candles, rolled up from those of a minute. `opens` and `closes` give the interval of a minute
    as expressions over `open_time`.

    closed    a trade of a later interval is known
    complete  all its minutes are there and complete

    Every change of a larger candle comes with a change of one of its minutes: so an incremental run makes those anew
    that have a changed minute.
#}
{% macro candles_from_minutes(opens, closes) -%}
with

news as (

    select open_time
    from {{ ref('trades_ohlc_1m') }}
    where {{ is_news() }}

),

minutes as (

    select *
    from {{ ref('trades_ohlc_1m') }}
    {%- if is_incremental() %}
    where open_time >= (select min({{ opens }}) from news)
        and open_time < (select max({{ closes }}) from news)
    {%- endif %}

),

heads as (

    select
        symbol,
        open_time
    from {{ ref('trades_ohlc_1m') }}
    where not is_closed

),

placed as (

    select
        {{ opens }} as opened_at,
        {{ closes }} as closed_at,
        symbol,
        {{ candle_columns() }},
        is_complete
    from minutes

),

{% if is_incremental() -%}
touched as (

    select distinct
        symbol,
        opened_at
    from placed
    where {{ is_news() }}

),

{% endif -%}
candles as (

    select
        symbol,
        opened_at as open_time,
        closed_at,
        {{ candle_from_minutes() }},
        count(case when is_complete then 1 end) as complete_minutes
    from placed
    {%- if is_incremental() %}
    where exists (
        select 1
        from touched
        where touched.symbol = placed.symbol and touched.opened_at = placed.opened_at
    )
    {%- endif %}
    group by symbol, opened_at, closed_at

),

proved as (

    select
        candles.*,
        heads.open_time >= candles.closed_at as is_closed,
        candles.complete_minutes = {{ minutes_between('candles.open_time', 'candles.closed_at') }} as is_complete
    from candles
    inner join heads
        on candles.symbol = heads.symbol

),

final as (

    select
        {{ gold_columns() }}
    from proved

)

select * from final
{%- endmacro %}


{#
    Start and end of the day of a zone that a timestamp lies in, as instants in UTC. Where clocks are set back at
    midnight there are two midnights: the day starts with the first.
#}
{% macro day_opens(timestamp, zone) -%}
    {{ first_instant("date_trunc('day', " ~ to_zone(timestamp, zone) ~ ")", zone) }}
{%- endmacro %}

{% macro day_closes(timestamp, zone) -%}
    {{ first_instant("date_trunc('day', " ~ to_zone(timestamp, zone) ~ ") + interval '1 day'", zone) }}
{%- endmacro %}

{% macro first_instant(wall_clock, zone) -%}
    {%- set instant = from_zone(wall_clock, zone) -%}
    {%- set earlier = instant ~ " - interval '1 hour'" -%}
    case when {{ to_zone(earlier, zone) }} = {{ wall_clock }} then {{ earlier }} else {{ instant }} end
{%- endmacro %}
