{#
    A table of the exchange's own candles of one length, such as `1m`, from the objects whose manifest says that they
    have some. Where the exchange said one again, its latest word counts.
#}
{% macro exchange_candles(interval, has_candles='has_klines') -%}
with

objects as (

    select object_name
    from {{ ref('object_manifests') }}
    where {{ has_candles }} and {{ is_news() }}

),

events as (

    {{ raw_events(
        'kline',
        {
            'event_at': 'E',
            'symbol': 's',
            'interval_code': 'k.i',
            'is_closed': 'k.x',
            'open_time': 'k.t',
            'open': 'k.o',
            'high': 'k.h',
            'low': 'k.l',
            'close': 'k.c',
            'volume': 'k.v',
            'quote_volume': 'k.q',
            'trade_count': 'k.n',
            'taker_buy_volume': 'k.V',
            'taker_buy_quote_volume': 'k.Q',
            'first_trade_id': 'k.f',
            'last_trade_id': 'k.L',
            'received_at': 'recv',
            'source': 'src',
        },
        is_loaded_with(
            '(select * from ' ~ ref('object_manifests') ~ ' where ' ~ has_candles ~ ' and ' ~ is_news() ~ ') as news'
        ),
    ) }}

),

typed as (

    select
        symbol,
        {{ to_timestamp('open_time') }} as open_time,
        {{ to_decimal('open') }} as open,
        {{ to_decimal('high') }} as high,
        {{ to_decimal('low') }} as low,
        {{ to_decimal('close') }} as close,
        {{ to_decimal('volume') }} as volume,
        {{ to_decimal('quote_volume') }} as quote_volume,
        try_cast(trade_count as bigint) as trade_count,
        {{ to_decimal('taker_buy_volume') }} as taker_buy_volume,
        {{ to_decimal('taker_buy_quote_volume') }} as taker_buy_quote_volume,
        -- A minute without trades has -1 for both.
        case when try_cast(first_trade_id as bigint) >= 0 then try_cast(first_trade_id as bigint) end as first_trade_id,
        case when try_cast(last_trade_id as bigint) >= 0 then try_cast(last_trade_id as bigint) end as last_trade_id,
        {{ to_timestamp('event_at') }} as event_at,
        {{ to_timestamp('received_at') }} as received_at,
        loaded_at,
        source
    from events
    where interval_code = '{{ interval }}' and is_closed = 'true'

),

klines as (

    select *
    from typed
    where symbol is not null
        and open_time is not null
        and trade_count is not null

    {% if is_incremental() %}
    union all

    select *
    from {{ this }}
    where (symbol, open_time) in (select symbol, open_time from typed)
        and {{ is_held_candle(interval) }}
    {% endif %}

),

-- The exchange may say it again, and corrects itself by saying it later.
latest as (

    select
        *,
        max(loaded_at) over (partition by symbol, open_time) as changed_at
    from klines
    qualify row_number() over (
        partition by symbol, open_time
        order by event_at desc, received_at desc, loaded_at desc
    ) = 1

),

final as (

    select
        symbol,
        open_time,
        open,
        high,
        low,
        close,
        volume,
        quote_volume,
        trade_count,
        taker_buy_volume,
        taker_buy_quote_volume,
        first_trade_id,
        last_trade_id,
        event_at,
        received_at,
        changed_at as loaded_at,
        source
    from latest

)

select * from final
{%- endmacro %}
