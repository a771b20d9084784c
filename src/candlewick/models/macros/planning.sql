{#
    The same rows at less cost: what each database is told of how to go about a statement, and of copies that it need not look
    for. It changes no row.
#}

{#
    Of a window: rows with equal `parts` follow each other in it, by `order`. What is counted or summed from its start on
    may go on from one part to the next, so only differences within a part say anything. Its rows come from
    `sorted_by_parts`. DuckDB sorts all of it at a third of what it takes for many small parts, and sums up rows as they
    come, which it keeps in their order, at half of what a window takes that sorts them itself.
#}
{% macro in_parts(parts, order) -%}
    {{ return(adapter.dispatch('in_parts')(parts, order)) }}
{%- endmacro %}

{% macro duckdb__in_parts(parts, order) -%}
    rows unbounded preceding
{%- endmacro %}

{% macro snowflake__in_parts(parts, order) -%}
    partition by {{ parts }} order by {{ order }} rows unbounded preceding
{%- endmacro %}


{# A relation as the rows of a window that is `in_parts`. #}
{% macro sorted_by_parts(relation, parts, order) -%}
    {{ return(adapter.dispatch('sorted_by_parts')(relation, parts, order)) }}
{%- endmacro %}

{% macro duckdb__sorted_by_parts(relation, parts, order) -%}
    (select * from {{ relation }} order by {{ parts }}, {{ order }}) as {{ relation }}
{%- endmacro %}

{% macro snowflake__sorted_by_parts(relation, parts, order) -%}
    {{ return(relation) }}
{%- endmacro %}


{#
    The CTE `numbered`: of the trades in a relation, those of a symbol and a `span` have ids that follow each other without
    a gap. DuckDB cuts them as they come, which takes no sorting: there, one run of ids can be several spans.
#}
{% macro numbered_spans(relation) -%}
    {{ return(adapter.dispatch('numbered_spans')(relation)) }}
{%- endmacro %}

{% macro duckdb__numbered_spans(relation) -%}
followed as (

    select
        *,
        lag(trade_id) over (rows unbounded preceding) = trade_id - 1
            and lag(symbol) over (rows unbounded preceding) = symbol as is_next
    from {{ relation }}

),

numbered as (

    select
        *,
        sum(case when is_next then 0 else 1 end) over (rows unbounded preceding) as span
    from followed

),
{%- endmacro %}

{# Within a span, id and row number grow together: their difference names it. #}
{% macro snowflake__numbered_spans(relation) -%}
numbered as (

    select
        *,
        trade_id - row_number() over (partition by symbol order by trade_id) as span
    from {{ relation }}

),
{%- endmacro %}


{# `level_of` for many prices. DuckDB takes a remainder in 18 digits at a fraction of what it takes in 38. #}
{% macro level_of_each(price, step) -%}
    {{ return(adapter.dispatch('level_of_each')(price, step)) }}
{%- endmacro %}

{% macro duckdb__level_of_each(price, step) -%}
    {%- set narrow_price, narrow_step = 'cast(' ~ price ~ ' as decimal(18, 8))', 'cast(' ~ step ~ ' as decimal(18, 8))' -%}
    case
            when {{ price }} < 10000000000 and {{ step }} < 10000000000
                then cast({{ level_of(narrow_price, narrow_step) }} as decimal(38, 8))
            else {{ level_of(price, step) }}
        end
{%- endmacro %}

{% macro snowflake__level_of_each(price, step) -%}
    {{ return(level_of(price, step)) }}
{%- endmacro %}


{# Before a CTE's parenthesis: its expressions are not to be computed again for each condition on them. #}
{% macro evaluated_once() -%}
    {{ return(adapter.dispatch('evaluated_once')()) }}
{%- endmacro %}

{% macro duckdb__evaluated_once() -%}
    {{ return('materialized ') }}
{%- endmacro %}

{% macro snowflake__evaluated_once() -%}
    {{ return('') }}
{%- endmacro %}


{# The same place: it is to be read anew for each who reads it, not kept, where that costs more than reading it. #}
{% macro read_each_time() -%}
    {{ return(adapter.dispatch('read_each_time')()) }}
{%- endmacro %}

{% macro duckdb__read_each_time() -%}
    {{ return('not materialized ') }}
{%- endmacro %}

{% macro snowflake__read_each_time() -%}
    {{ return('') }}
{%- endmacro %}


{# The CTE `new_trades`: of all copies of a trade in a relation, the first one by an order. #}
{% macro best_of_each(relation, order) -%}
    {{ return(adapter.dispatch('best_of_each')(relation, order)) }}
{%- endmacro %}

{#
    Nearly all trades have one copy. A window over all of them costs DuckDB as much as all else that SILVER asks for, and
    the owner knows of most loads that they have no copies.
#}
{% macro duckdb__best_of_each(relation, order) -%}
{{ where_copied(copied_twice(relation)) }}

new_trades as (

    select *
    from {{ relation }} as candidate
    {{ where_copied(one_of_each(relation, order)) }}

),
{%- endmacro %}

{% macro copied_twice(relation) -%}
twice as materialized (

    select
        symbol,
        trade_id
    from {{ relation }}
    group by symbol, trade_id
    having count(*) > 1

),
{%- endmacro %}

{% macro one_of_each(relation, order) -%}
where not exists (
        select 1
        from twice
        where twice.symbol = candidate.symbol and twice.trade_id = candidate.trade_id
    )

    union all

    select *
    from {{ relation }} as candidate
    where exists (
        select 1
        from twice
        where twice.symbol = candidate.symbol and twice.trade_id = candidate.trade_id
    )
    qualify row_number() over (partition by symbol, trade_id order by {{ order }}) = 1
{%- endmacro %}

{% macro snowflake__best_of_each(relation, order) -%}
new_trades as (

    select *
    from {{ relation }}
    qualify row_number() over (partition by symbol, trade_id order by {{ order }}) = 1

),
{%- endmacro %}
