{#
    What a candle is, written once. Trades become candles of a second or a minute; candles of a minute become larger
    ones. Open and close go by trade id, never by time: hundreds of trades share a millisecond.
#}

{% macro candle_from_trades() -%}
    min_by(price, trade_id) as open,
        max(price) as high,
        min(price) as low,
        max_by(price, trade_id) as close,
        cast(sum(quantity) as decimal(38, 8)) as volume,
        cast(sum(quote_quantity) as decimal(38, 8)) as quote_volume,
        cast(count(*) as bigint) as trade_count,
        cast(sum(case when is_buyer_maker then 0 else quantity end) as decimal(38, 8)) as taker_buy_volume,
        cast(sum(case when is_buyer_maker then 0 else quote_quantity end) as decimal(38, 8)) as taker_buy_quote_volume,
        min(trade_id) as first_trade_id,
        max(trade_id) as last_trade_id,
        max(loaded_at) as loaded_at
{%- endmacro %}


{#
    A minute without trades carries the price before it, which is no price of the interval: only minutes with trades
    make the larger candle, as at the exchange. An interval without any trade is flat as its minutes are.
#}
{% macro candle_from_minutes() -%}
    coalesce(min_by(open, first_trade_id), min(open)) as open,
        coalesce(max(case when trade_count > 0 then high end), max(high)) as high,
        coalesce(min(case when trade_count > 0 then low end), min(low)) as low,
        coalesce(max_by(close, last_trade_id), max(close)) as close,
        cast(sum(volume) as decimal(38, 8)) as volume,
        cast(sum(quote_volume) as decimal(38, 8)) as quote_volume,
        cast(sum(trade_count) as bigint) as trade_count,
        cast(sum(taker_buy_volume) as decimal(38, 8)) as taker_buy_volume,
        cast(sum(taker_buy_quote_volume) as decimal(38, 8)) as taker_buy_quote_volume,
        min(first_trade_id) as first_trade_id,
        max(last_trade_id) as last_trade_id,
        max(loaded_at) as loaded_at
{%- endmacro %}


{# The columns that `candle_from_trades` and `candle_from_minutes` make. #}
{% macro candle_columns(loaded_at='loaded_at') -%}
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
        {{ loaded_at }}
{%- endmacro %}


{# The columns of a gold table, from a relation of candles with `is_closed` and `is_complete`. #}
{% macro gold_columns() -%}
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
        case when volume > 0 then {{ divide('quote_volume', 'volume') }} end as vwap,
        first_trade_id,
        last_trade_id,
        is_closed,
        is_complete,
        {{ to_zone('open_time', 'Asia/Kolkata') }} as open_time_ist,
        loaded_at
{%- endmacro %}
