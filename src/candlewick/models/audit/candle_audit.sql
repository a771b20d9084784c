{{ config(tags='audit') }}

{%- set fields = [
    'open', 'high', 'low', 'close', 'volume', 'quote_volume', 'trade_count',
    'taker_buy_volume', 'taker_buy_quote_volume', 'first_trade_id', 'last_trade_id',
] %}
{%- set stated_on_the_stream_only = ['first_trade_id', 'last_trade_id'] %}
{#- A candle that waits for the exchange's own for too long is judged by the clock alone: on DuckDB it counts as news, and
    Snowflake's owner looks at all once a day. #}
{%- set is_duckdb = target.type == 'duckdb' %}
{%- set waits = "status = 'pending' and exchange_loaded_at is null" %}
{%- set near = is_in_touched_period if is_duckdb else is_near_touched_period %}
{%- set period = {
    'news': '(select open_time from ' ~ ref('trades_ohlc_1m') ~ ' where ' ~ is_news(own_column='candle_loaded_at')
        ~ ' union all select open_time from ' ~ ref('exchange_klines')
        ~ ' where ' ~ is_news(own_column='exchange_loaded_at')
        ~ (' union all select open_time from ' ~ this ~ ' where ' ~ waits ~ ' and candle_loaded_at < (select max(loaded_at) from '
        ~ ref('tape_spans') ~ ") - interval '" ~ var('oracle_patience_hours') ~ " hours'"
        if is_duckdb and is_incremental() else '') ~ ') as news',
    'opens': "date_trunc('hour', open_time)",
    'closes': "date_trunc('hour', open_time) + interval '1 hour'",
} %}

with

candles as (

    select * from {{ ref('trades_ohlc_1m') }} where is_closed and {{ near('open_time', **period) }}

),

klines as (

    select * from {{ ref('exchange_klines') }} where {{ near('open_time', **period) }}

),

heads as (

    select
        symbol,
        max(loaded_at) as loaded_at,
        -- Ours that were here by then have waited long enough: the exchange's own is asked for as soon as ours is here.
        max(max(loaded_at)) over () - interval '{{ var("oracle_patience_hours") }} hours' as overdue_by
    from {{ ref('tape_spans') }}
    group by symbol

),

{% if is_incremental() -%}
asked as (

    select
        symbol,
        open_time
    from candles
    where {{ is_news(own_column='candle_loaded_at') }}

    union

    select
        symbol,
        open_time
    from klines
    where {{ is_news(own_column='exchange_loaded_at') }}

    union

    select
        symbol,
        open_time
    from {{ this }}
    where {{ waits }}
        and candle_loaded_at < (select min(overdue_by) from heads)
        and {{ near('open_time', **period) }}

),

{% endif -%}
-- What the exchange does not state is not compared: a candle from REST does not say which trades it is made of.
compared as (

    select
        candles.symbol,
        candles.open_time,
        candles.is_complete,
        {%- for field in fields %}
        candles.{{ field }},
        {%- endfor %}
        {%- for field in fields %}
        klines.{{ field }} as exchange_{{ field }},
        {%- endfor %}
        klines.symbol is not null as has_oracle,
        {{ differing_fields(fields, 'candles.', 'klines.', unstated=stated_on_the_stream_only) }} as differing_fields,
        candles.loaded_at < heads.overdue_by as is_overdue,
        candles.loaded_at as candle_loaded_at,
        klines.loaded_at as exchange_loaded_at,
        greatest(heads.loaded_at, candles.loaded_at, coalesce(klines.loaded_at, heads.loaded_at)) as loaded_at
    from candles
    {%- if is_incremental() %}
    inner join asked
        on candles.symbol = asked.symbol
        and candles.open_time = asked.open_time
    {%- endif %}
    inner join heads
        on candles.symbol = heads.symbol
    left join klines
        on candles.symbol = klines.symbol
        and candles.open_time = klines.open_time

),

-- A candle that does not claim to be complete can equal the exchange's, but it cannot contradict it: until its hole is
-- filled the verdict is open.
judged as (

    select
        *,
        case
            when not has_oracle and is_overdue then 'no_oracle'
            when not has_oracle then 'pending'
            when differing_fields is null then 'match'
            when not is_complete then 'pending'
            else 'mismatch'
        end as status
    from compared

),

final as (

    select
        symbol,
        open_time,
        status,
        case when status = 'mismatch' then substr(differing_fields, 2) end as mismatched_fields,
        is_complete,
        {%- for field in fields %}
        {{ field }},
        {%- endfor %}
        {%- for field in fields %}
        exchange_{{ field }},
        {%- endfor %}
        candle_loaded_at,
        exchange_loaded_at,
        loaded_at
    from judged
    {%- if is_incremental() %}
    where not exists (
        select 1
        from {{ this }} as known
        where {{ near('known.open_time', **period) }}
            and known.symbol = judged.symbol
            and known.open_time = judged.open_time
            and known.status = judged.status
            and known.candle_loaded_at = judged.candle_loaded_at
            and known.exchange_loaded_at is not distinct from judged.exchange_loaded_at
    )
    {%- endif %}

)

select * from final
