{# No two rows have the same values in these columns, and none of them is null. #}
{% test unique_key(model, columns) %}
    select
        {{ columns | join(', ') }},
        count(*) as copies
    from {{ model }}
    group by {{ columns | join(', ') }}
    having count(*) > 1 or {{ columns | join(' is null or ') }} is null
{% endtest %}


{# Every row fulfils the expression; null counts as a breach. #}
{% test always(model, expression) %}
    select *
    from {{ model }}
    where not coalesce({{ expression }}, false)
{% endtest %}


{# What holds for every candle, whatever was traded. Null counts as a breach, where no flat candle allows it. #}
{% test sound_candles(model, with_flat=false) %}
    {%- set rules = [
        'low <= open and low <= close',
        'high >= open and high >= close',
        'is_closed or not is_complete',
        'taker_buy_volume between 0 and volume',
        'taker_buy_quote_volume between 0 and quote_volume',
        'open_time_ist is not null and loaded_at is not null',
    ] %}
    {%- set rules_of_trades = [
        'vwap between low and high',
        'trade_count <= last_trade_id - first_trade_id + 1',
        'not is_complete or trade_count = last_trade_id - first_trade_id + 1',
    ] %}
    {%- set rules_of_flat = [
        'low = high and volume = 0 and quote_volume = 0 and is_complete',
        'vwap is null and first_trade_id is null and last_trade_id is null',
    ] %}
    select *
    from {{ model }}
    where not coalesce(
        ({{ rules | join(') and (') }})
        and case
            when trade_count > 0 then ({{ rules_of_trades | join(') and (') }})
            else ({{ rules_of_flat | join(') and (') if with_flat else 'false' }})
        end,
        false
    )
{% endtest %}


{# Sums and counts of larger candles equal those of the minutes they are made of. #}
{% test adds_up_from(model, minutes, opens) %}
    with

    sums as (

        select
            symbol,
            {{ opens }} as opened_at,
            sum(volume) as volume,
            sum(quote_volume) as quote_volume,
            sum(trade_count) as trade_count,
            sum(taker_buy_volume) as taker_buy_volume,
            sum(taker_buy_quote_volume) as taker_buy_quote_volume
        from {{ minutes }}
        group by 1, 2

    )

    select model.*
    from {{ model }} as model
    full outer join sums
        on model.symbol = sums.symbol
        and model.open_time = sums.opened_at
    where model.volume is distinct from sums.volume
        or model.quote_volume is distinct from sums.quote_volume
        or model.trade_count is distinct from sums.trade_count
        or model.taker_buy_volume is distinct from sums.taker_buy_volume
        or model.taker_buy_quote_volume is distinct from sums.taker_buy_quote_volume
{% endtest %}
