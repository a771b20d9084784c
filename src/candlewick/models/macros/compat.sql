{#
    What differs between DuckDB and Snowflake, and nothing else: one macro per need, one variant per warehouse.
#}

{# One row per event of a kind in RAW, with the named fields as text. `fields` maps a column's name to its JSON path. #}
{% macro raw_events(event, fields, condition, relation=none) -%}
    {{ return(adapter.dispatch('raw_events')(event, fields, condition, relation)) }}
{%- endmacro %}

{#
    Parsing is what costs: DuckDB reads all paths of a line in one pass when it is asked for them as a list, and would do
    so again for each condition on one of them, where the list were not kept.
#}
{% macro duckdb__raw_events(event, fields, condition, relation) -%}
    select
        {%- for column in fields %}
        fields[{{ loop.index + 1 }}] as {{ column }},
        {%- endfor %}
        object_name,
        row_number,
        loaded_at
    from (
        with parsed as materialized (
            select
                json_extract_string(
                    payload,
                    ['$.e', {% for path in fields.values() %}'$.{{ path }}'{{ ', ' if not loop.last }}{% endfor %}]
                ) as fields,
                object_name,
                row_number,
                loaded_at
            from {{ lines_of(event) }}
            where {{ condition }}
                {%- if event == 'manifest' %}
                -- Ours begin so; one line in some hundreds, and the others need not be parsed.
                and starts_with(payload, '{"e":"manifest"')
                {%- endif %}
        )

        select * from parsed
    ) as parsed_lines
    where fields[1] = '{{ event }}'
{%- endmacro %}

{# Where lines with an event of a kind are: in RAW, or among those of a load, which come apart by kind. #}
{% macro lines_of(event) -%}
    {{ 'new_' ~ event ~ '_lines' if var('live', false) else source('raw', 'binance_raw') }}
{%- endmacro %}

{% macro snowflake__raw_events(event, fields, condition, relation) -%}
    select
        {%- for column, path in fields.items() %}
        payload:{{ path }}::varchar as {{ column }},
        {%- endfor %}
        object_name,
        row_number,
        loaded_at
    from {{ relation or source('raw', 'binance_raw') }}
    where payload:e::varchar = '{{ event }}' and {{ condition }}
{%- endmacro %}


{# Text to decimal(38, 8); null where it is not a number. #}
{% macro to_decimal(text) -%}
    {{ return(adapter.dispatch('to_decimal')(text)) }}
{%- endmacro %}

{# DuckDB 1.5 parses text into wide decimals 35 times slower than into decimal(18, 8), which fits nearly always. #}
{% macro duckdb__to_decimal(text) -%}
    coalesce(cast(try_cast({{ text }} as decimal(18, 8)) as decimal(38, 8)), try_cast({{ text }} as decimal(38, 8)))
{%- endmacro %}

{% macro snowflake__to_decimal(text) -%}
    try_to_decimal({{ text }}, 38, 8)
{%- endmacro %}


{#
    Text with an exchange's time to a timestamp in UTC. It was sent as ms or as µs, told apart by magnitude: as µs the
    smallest lies in 1973, as ms the largest in 5138. Null where it is neither.
#}
{% macro to_timestamp(text) -%}
    {%- set time = 'try_cast(' ~ text ~ ' as bigint)' -%}
    case
        when {{ time }} between 100000000000000 and 9999999999999999 then {{ from_micros(time) }}
        when {{ time }} between 100000000000 and 99999999999999 then {{ from_micros(time ~ ' * 1000') }}
    end
{%- endmacro %}

{% macro from_micros(micros) -%}
    {{ return(adapter.dispatch('from_micros')(micros)) }}
{%- endmacro %}

{% macro duckdb__from_micros(micros) -%}
    make_timestamp({{ micros }})
{%- endmacro %}

{% macro snowflake__from_micros(micros) -%}
    to_timestamp_ntz({{ micros }}, 6)
{%- endmacro %}


{# A timestamp as text with all of its microseconds, as a literal takes it. #}
{% macro timestamp_text(timestamp) -%}
    {{ return(adapter.dispatch('timestamp_text')(timestamp)) }}
{%- endmacro %}

{% macro duckdb__timestamp_text(timestamp) -%}
    cast({{ timestamp }} as varchar)
{%- endmacro %}

{% macro snowflake__timestamp_text(timestamp) -%}
    to_varchar({{ timestamp }}, 'YYYY-MM-DD HH24:MI:SS.FF6')
{%- endmacro %}


{# A timestamp in UTC as the wall clock of a zone shows it, and back. #}
{% macro to_zone(timestamp, zone) -%}
    {{ return(adapter.dispatch('to_zone')(timestamp, zone)) }}
{%- endmacro %}

{# India's clocks have been half an hour past the fifth ahead since 1945, and adding that costs a twentieth. #}
{% macro duckdb__to_zone(timestamp, zone) -%}
    {%- if zone == 'Asia/Kolkata' -%}
    ({{ timestamp }}) + interval '330 minutes'
    {%- else -%}
    timezone('{{ zone }}', timezone('UTC', {{ timestamp }}))
    {%- endif -%}
{%- endmacro %}

{% macro snowflake__to_zone(timestamp, zone) -%}
    convert_timezone('UTC', '{{ zone }}', {{ timestamp }})
{%- endmacro %}

{% macro from_zone(timestamp, zone) -%}
    {{ return(adapter.dispatch('from_zone')(timestamp, zone)) }}
{%- endmacro %}

{% macro duckdb__from_zone(timestamp, zone) -%}
    timezone('UTC', timezone('{{ zone }}', {{ timestamp }}))
{%- endmacro %}

{% macro snowflake__from_zone(timestamp, zone) -%}
    convert_timezone('{{ zone }}', 'UTC', {{ timestamp }})
{%- endmacro %}


{# The start of the interval of so many minutes that a timestamp lies in, counted from 1970-01-01 UTC. #}
{% macro bucket(timestamp, minutes) -%}
    {{ return(adapter.dispatch('bucket')(timestamp, minutes)) }}
{%- endmacro %}

{% macro duckdb__bucket(timestamp, minutes) -%}
    time_bucket(interval '{{ minutes }} minutes', {{ timestamp }}, timestamp '1970-01-01')
{%- endmacro %}

{% macro snowflake__bucket(timestamp, minutes) -%}
    time_slice({{ timestamp }}, {{ minutes }}, 'minute', 'start')
{%- endmacro %}


{# Whole minutes between two timestamps. #}
{% macro minutes_between(start, finish) -%}
    {{ return(adapter.dispatch('minutes_between')(start, finish)) }}
{%- endmacro %}

{% macro duckdb__minutes_between(start, finish) -%}
    date_diff('minute', {{ start }}, {{ finish }})
{%- endmacro %}

{% macro snowflake__minutes_between(start, finish) -%}
    datediff('minute', {{ start }}, {{ finish }})
{%- endmacro %}


{# Every row of a relation once per minute strictly between its columns `opened_at` and `closed_at`, as `minute`. #}
{% macro each_minute_between(relation, opened_at, closed_at) -%}
    {{ return(adapter.dispatch('each_minute_between')(relation, opened_at, closed_at)) }}
{%- endmacro %}

{% macro duckdb__each_minute_between(relation, opened_at, closed_at) -%}
    select
        *,
        unnest(generate_series(
            {{ opened_at }} + interval '1 minute', {{ closed_at }} - interval '1 minute', interval '1 minute'
        )) as minute
    from {{ relation }}
{%- endmacro %}

{% macro snowflake__each_minute_between(relation, opened_at, closed_at) -%}
    select
        {{ relation }}.*,
        dateadd('minute', steps.value::integer, {{ opened_at }}) as minute
    from {{ relation }},
        lateral flatten(input => array_generate_range(1, datediff('minute', {{ opened_at }}, {{ closed_at }}))) as steps
{%- endmacro %}


{#
    What a trade is worth in the quote asset, as decimal(38, 8): the exact product, cut after eight places and never
    rounded. Binance cuts the `quoteQty` of each trade so (ETHBTC: 0.03577 x 0.1267 is 0.00453205). Neither is negative.
#}
{% macro quote_of(price, quantity) -%}
    {{ return(adapter.dispatch('quote_of')(price, quantity)) }}
{%- endmacro %}

{#
    DuckDB's product of two decimals(38, 8) is exact, with sixteen places; a cast would round it. Cutting wide decimals
    takes it five times as long as this: of one factor the whole part and the rest are multiplied apart, in 18 digits.
#}
{% macro duckdb__quote_of(price, quantity) -%}
    case
        when {{ price }} between 0 and 99999999 and {{ quantity }} between 0 and 99
            then {{ product_in_parts(price, quantity) }}
        when {{ quantity }} between 0 and 99999999 and {{ price }} between 0 and 99
            then {{ product_in_parts(quantity, price) }}
        else trunc({{ price }} * {{ quantity }}, 8)
    end
{%- endmacro %}

{% macro product_in_parts(large, small) -%}
    {%- set whole = 'trunc(cast(' ~ large ~ ' as decimal(18, 8)))' -%}
    {%- set rest = 'cast(' ~ large ~ ' as decimal(18, 8)) - ' ~ whole -%}
    {%- set factor = 'cast(' ~ small ~ ' as decimal(10, 8))' -%}
    cast(
                cast({{ whole }} as decimal(8, 0)) * {{ factor }} + trunc(cast({{ rest }} as decimal(8, 8)) * {{ factor }}, 8)
                as decimal(38, 8)
            )
{%- endmacro %}

{# Snowflake rounds a product to twelve places, so this one multiplies integers. #}
{% macro snowflake__quote_of(price, quantity) -%}
    {%- set product = '(cast(' ~ price ~ ' * 100000000 as number(37, 0))'
        ~ ' * cast(' ~ quantity ~ ' * 100000000 as number(37, 0)))' -%}
    cast(({{ product }} - mod({{ product }}, 100000000)) * 0.0000000000000001 as decimal(38, 8))
{%- endmacro %}


{# Quotient of two decimals as decimal(38, 8), rounded half away from zero, with no float on the way. #}
{% macro divide(numerator, denominator) -%}
    {{ return(adapter.dispatch('divide')(numerator, denominator)) }}
{%- endmacro %}

{# DuckDB divides decimals as floats, so this one divides integers: hundred-millionths of hundred-millionths. #}
{% macro duckdb__divide(numerator, denominator) -%}
    cast(
        (
            cast({{ numerator }} * 100000000 as hugeint) * 200000000
            + cast({{ denominator }} * 100000000 as hugeint)
        ) // (cast({{ denominator }} * 100000000 as hugeint) * 2)
        as decimal(38, 0)
    ) * cast(0.00000001 as decimal(9, 8))
{%- endmacro %}

{# Snowflake rounds a quotient to twelve places, and rounding that again is not rounding: so it divides integers. #}
{% macro snowflake__divide(numerator, denominator) -%}
    {%- set dividend = '(cast(' ~ numerator ~ ' * 100000000 as number(37, 0)) * 200000000'
        ~ ' + cast(' ~ denominator ~ ' * 100000000 as number(37, 0)))' -%}
    {%- set divisor = '(cast(' ~ denominator ~ ' * 100000000 as number(37, 0)) * 2)' -%}
    cast(
        cast(round(({{ dividend }} - mod({{ dividend }}, {{ divisor }})) / {{ divisor }}) as number(37, 0)) * 0.00000001
        as decimal(38, 8)
    )
{%- endmacro %}


{#
    One row per range in a JSON column such as `{"BTCUSDT": [[1, 5], [9, 12]]}`: symbol, first_trade_id, last_trade_id.
    `key` names the ranges where each symbol has an object that holds more than them.
#}
{% macro ranges_of(relation, column, key=none) -%}
    {{ return(adapter.dispatch('ranges_of')(relation, column, key)) }}
{%- endmacro %}

{% macro duckdb__ranges_of(relation, column, key) -%}
    {%- set value = 'STRUCT(' ~ key ~ ' BIGINT[][])' if key else 'BIGINT[][]' -%}
    select
        by_symbol.* exclude (ranges),
        ranges[1] as first_trade_id,
        ranges[2] as last_trade_id
    from (
        select
            by_object.* exclude (entry),
            entry.key as symbol,
            unnest(entry.value{{ '.' ~ key if key }}) as ranges
        from (
            select
                *,
                unnest(map_entries(from_json({{ column }}, '"MAP(VARCHAR, {{ value }})"'))) as entry
            from {{ relation }}
        ) as by_object
    ) as by_symbol
{%- endmacro %}

{% macro snowflake__ranges_of(relation, column, key) -%}
    select
        {{ relation }}.*,
        by_symbol.key as symbol,
        pairs.value[0]::bigint as first_trade_id,
        pairs.value[1]::bigint as last_trade_id
    from {{ relation }},
        lateral flatten(input => parse_json({{ column }})) as by_symbol,
        lateral flatten(input => by_symbol.value{{ ':' ~ key if key }}) as pairs
{%- endmacro %}


{# One row per entry of the JSON list in a column `days`, with the named fields as text. #}
{% macro notes_of(relation, fields) -%}
    {{ return(adapter.dispatch('notes_of')(relation, fields)) }}
{%- endmacro %}

{% macro duckdb__notes_of(relation, fields) -%}
    select
        {%- for field in fields %}
        fields[{{ loop.index }}] as {{ field }},
        {%- endfor %}
        by_note.* exclude (fields)
    from (
        select
            json_extract_string(
                unnest(cast(days as json[])), [{% for field in fields %}'$.{{ field }}'{{ ', ' if not loop.last }}{% endfor %}]
            ) as fields,
            {{ relation }}.* exclude (days)
        from {{ relation }}
    ) as by_note
{%- endmacro %}

{% macro snowflake__notes_of(relation, fields) -%}
    select
        {%- for field in fields %}
        notes.value:{{ field }}::varchar as {{ field }},
        {%- endfor %}
        {{ relation }}.* exclude (days)
    from {{ relation }},
        lateral flatten(input => parse_json(days)) as notes
{%- endmacro %}


{#
    At the end of a query: of rows with equal values in these columns, one. On DuckDB no object is loaded twice; on
    Snowflake a pipe made anew, a load by hand and streaming can each bring one again.
#}
{% macro each_once(columns) -%}
    {{ return(adapter.dispatch('each_once')(columns)) }}
{%- endmacro %}

{% macro duckdb__each_once(columns) -%}
{%- endmacro %}

{% macro snowflake__each_once(columns) -%}
    qualify row_number() over (partition by {{ columns | join(', ') }} order by loaded_at) = 1
{%- endmacro %}
