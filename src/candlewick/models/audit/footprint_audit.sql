{{ config(tags='audit') }}

{%- set summed = [
    'trade_count', 'volume', 'quote_volume', 'taker_buy_volume', 'taker_buy_quote_volume',
] %}
{%- set fields = ['high', 'low'] + summed %}
{%- set footprints = ref('trades_footprint_1m') %}
{%- set period = {
    'news': '(select open_time from ' ~ footprints ~ ' where ' ~ is_news(own_column='footprint_loaded_at')
        ~ ' union all select open_time from ' ~ ref('candle_audit')
        ~ ' where ' ~ is_news(own_column='minute_loaded_at') ~ ') as news',
    'opens': 'open_time',
    'closes': "open_time + interval '1 minute'",
} %}

with

-- One row per closed minute, with what the exchange says of it.
minutes as (

    select * from {{ ref('candle_audit') }} where {{ is_in_touched_period('open_time', **period) }}

),

{% if is_incremental() -%}
asked as (

    select
        symbol,
        open_time
    from {{ footprints }}
    where {{ is_news(own_column='footprint_loaded_at') }}

    union

    select
        symbol,
        open_time
    from minutes
    where {{ is_news(own_column='minute_loaded_at') }}

),

{% endif -%}
levels as (

    select *
    from {{ footprints }}
    where {{ is_in_touched_period('open_time', **period) }}

),

sums as (

    select
        symbol,
        open_time,
        min(step) as step,
        cast(count(*) as bigint) as level_count,
        max(high) as high,
        min(low) as low,
        cast(sum(buy_count + sell_count) as bigint) as trade_count,
        cast(sum(buy_volume + sell_volume) as decimal(38, 8)) as volume,
        cast(sum(buy_quote_volume + sell_quote_volume) as decimal(38, 8)) as quote_volume,
        cast(sum(buy_volume) as decimal(38, 8)) as taker_buy_volume,
        cast(sum(buy_quote_volume) as decimal(38, 8)) as taker_buy_quote_volume,
        cast(sum(buy_volume - sell_volume) as decimal(38, 8)) as delta,
        min(min_delta) as min_delta,
        max(max_delta) as max_delta,
        min(first_trade_id) as first_trade_id,
        max(last_trade_id) as last_trade_id,
        max(loaded_at) as loaded_at
    from levels
    group by symbol, open_time

),

-- A minute without trades has no levels; its price is the one before it, and no price of a level.
beside as (

    select
        minutes.symbol,
        minutes.open_time,
        minutes.is_complete,
        minutes.status as candle_status,
        minutes.loaded_at as minute_loaded_at,
        sums.loaded_at as footprint_loaded_at,
        sums.step,
        coalesce(sums.level_count, 0) as level_count,
        sums.high,
        sums.low,
        {%- for field in summed + ['delta', 'min_delta', 'max_delta'] %}
        coalesce(sums.{{ field }}, 0) as {{ field }},
        {%- endfor %}
        sums.first_trade_id,
        sums.last_trade_id,
        minutes.exchange_trade_count is not null as has_oracle,
        case when minutes.exchange_trade_count > 0 then minutes.exchange_high end as exchange_high,
        case when minutes.exchange_trade_count > 0 then minutes.exchange_low end as exchange_low,
        {%- for field in summed %}
        minutes.exchange_{{ field }}{{ ',' if not loop.last }}
        {%- endfor %}
    from minutes
    {%- if is_incremental() %}
    inner join asked
        on minutes.symbol = asked.symbol
        and minutes.open_time = asked.open_time
    {%- endif %}
    left join sums
        on minutes.symbol = sums.symbol
        and minutes.open_time = sums.open_time

),

compared as (

    select
        *,
        {{ differing_fields(fields, '', 'exchange_') }} as differing_fields
    from beside

),

judged as (

    select
        *,
        case
            when not has_oracle then candle_status
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
        status = 'match' and is_complete as is_proved,
        step,
        level_count,
        {%- for field in fields %}
        {{ field }},
        {%- endfor %}
        {%- for field in fields %}
        exchange_{{ field }},
        {%- endfor %}
        delta,
        min_delta,
        max_delta,
        first_trade_id,
        last_trade_id,
        footprint_loaded_at,
        minute_loaded_at,
        greatest(minute_loaded_at, coalesce(footprint_loaded_at, minute_loaded_at)) as loaded_at
    from judged

)

select * from final
