{#
    What is a trade in RAW, and which of its copies counts.

    Copies of a trade (two legs, a backfill, a second delivery) are equal, nearly always. Where they differ, the
    exchange's own records count before what the stream said: the archive, then REST, which a recorder asks when it sees
    a dispute. Then the finer time (a time cut to ms is the smaller one), and last the smaller content. The rule knows
    nothing of the order of arrival: any order and any batches make the same tape.
#}

{# The columns of a copy of a trade, but for its place among others. #}
{% macro copy_columns() -%}
    symbol,
        trade_id,
        price,
        quantity,
        is_buyer_maker,
        traded_at,
        received_at,
        loaded_at,
        source
{%- endmacro %}


{# What a select of trades that SILVER holds begins with, where they stand beside copies. #}
{% macro held_copies() -%}
    select
        {{ copy_columns() }},
        0 as row_number,
        true as is_held
{%- endmacro %}


{# The order of the copies of a trade: the first one counts. #}
{% macro copy_order() -%}
    case source when 'archive' then 1 when 'rest' then 2 else 3 end,
            traded_at desc,
            price,
            quantity,
            is_buyer_maker
{%- endmacro %}


{# CTEs up to `copies`: the trades among the lines of RAW that fulfil a condition, each copy of them. #}
{% macro copies_in_raw(condition) -%}
{%- if var('live', false) and target.type == 'duckdb' -%}
copies as (

    select * from new_copies

),
{%- else -%}
{{ parsed_copies(condition) }},
{%- endif -%}
{%- endmacro %}


{# What `copies_in_raw` is made of in a load of the embedded warehouse: each line is parsed here, and only here. #}
{% macro copies_of_a_load() -%}
with

{{ parsed_copies('true') }}

select * from copies
{%- endmacro %}


{# The same of trades that lie in sealed files: nothing is parsed, their columns have types. #}
{% macro copies_of_sealed_trades() -%}
with

typed as (

    select
        symbol,
        trade_id,
        cast(price as decimal(38, 8)) as price,
        cast(quantity as decimal(38, 8)) as quantity,
        is_buyer_maker,
        traded_at,
        received_at,
        loaded_at,
        source,
        row_number
    from new_sealed_trades

),

{{ copies_of_typed() }}

select * from copies
{%- endmacro %}


{% macro parsed_copies(condition, relation=none) -%}
events as (

    {{ raw_events(
        'trade',
        {
            'symbol': 's',
            'trade_id': 't',
            'price': 'p',
            'quantity': 'q',
            'traded_at': 'T',
            'is_buyer_maker': 'm',
            'received_at': 'recv',
            'source': 'src',
        },
        condition,
        relation,
    ) }}

),

typed as {{ evaluated_once() }}(

    select
        symbol,
        try_cast(trade_id as bigint) as trade_id,
        {{ to_decimal('price') }} as price,
        {{ to_decimal('quantity') }} as quantity,
        try_cast(is_buyer_maker as boolean) as is_buyer_maker,
        {{ to_timestamp('traded_at') }} as traded_at,
        {{ to_timestamp('received_at') }} as received_at,
        loaded_at,
        source,
        row_number
    from events

),

{{ copies_of_typed() }}
{%- endmacro %}


{# The CTE `copies`, after `typed`. #}
{% macro copies_of_typed() -%}
-- What is not a trade stays in RAW, and its id shows as a hole in TAPE_GAPS: seen, and in nobody's way.
copies as (

    select
        *,
        false as is_held
    from typed
    where symbol is not null
        and trade_id is not null
        and is_buyer_maker is not null
        and traded_at is not null
        and cast(price as double) * cast(quantity as double) < 1e21

)
{%- endmacro %}


{# A relation of the times, `traded_at`, of the trades in new lines of RAW; some may be no trades. #}
{% macro times_in_raw() -%}
    {%- if var('live', false) and target.type == 'duckdb' -%}
    new_copies
    {%- else -%}
    (
        select {{ to_timestamp('traded_at') }} as traded_at
        from ({{ raw_events('trade', {'traded_at': 'T'}, is_news()) }}) as events
    ) as news
    {%- endif -%}
{%- endmacro %}


{# Cut the quote amounts that an earlier version rounded. A second time it finds nothing to do. #}
{% macro cut_quote_quantities() -%}
    {% do run_query(quote_quantities_cut()) %}
{%- endmacro %}

{% macro quote_quantities_cut() -%}
    {%- set exact = quote_of('price', 'quantity') -%}
    update {{ ref('trades_deduped') }} set quote_quantity = {{ exact }} where quote_quantity <> {{ exact }}
{%- endmacro %}


{# What other columns of SILVER.TRADES_DEDUPED say already: DuckDB's table works it out for whoever reads it. #}
{% macro computed_trade_columns() -%}
    {{ return({'business_key': "symbol || '-' || trade_id", 'traded_at_ist': to_zone('traded_at', 'Asia/Kolkata')}) }}
{%- endmacro %}


{# The columns of SILVER.TRADES_DEDUPED, from copies of trades. #}
{% macro trade_columns(loaded_at='loaded_at') -%}
    {%- set computed = computed_trade_columns() -%}
    {{ computed['business_key'] }} as business_key,
        symbol,
        trade_id,
        price,
        quantity,
        {{ quote_of('price', 'quantity') }} as quote_quantity,
        is_buyer_maker,
        traded_at,
        {{ computed['traded_at_ist'] }} as traded_at_ist,
        received_at,
        {{ loaded_at }} as loaded_at,
        source
{%- endmacro %}
