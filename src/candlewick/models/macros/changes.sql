{#
    How an incremental run finds what changed, and reads little else.

    Every table carries `loaded_at`, the moment of the load that a row last changed by; it only grows. So what is newer
    than a table's own newest row is what that table has not seen yet.
#}

{# True for rows that the table being built has not seen; all of them in a full build. #}
{% macro is_news(column='loaded_at', own_column='loaded_at') -%}
    {%- if is_incremental() -%}
    {{ column }} > (select coalesce(max({{ own_column }}), timestamp '1970-01-01') from {{ this }})
    {%- else -%}
    true
    {%- endif -%}
{%- endmacro %}


{#
    True for rows whose `column` lies in a period that a relation's news touch, as constants.

    Constants, because both warehouses skip what lies outside of them without reading it; what they find out while a
    query runs helps less, or not at all. `opens` and `closes` are the period of a changed row. Sometimes true for a row
    in no such period: where news are scattered over more periods than `most`, one period from the first to the last.
#}
{% macro is_in_touched_period(column, news, opens, closes, most=24) -%}
    {%- set periods = touched_periods(news, opens, closes) if is_incremental() and execute else none -%}
    {%- if periods is none -%}
    true
    {%- elif not periods -%}
    false
    {%- elif periods | length > most -%}
    {{ is_in_period(column, periods[0][0], periods[-1][1]) }}
    {%- else -%}
    ({% for period in periods %}{{ ' or ' if not loop.first }}{{ is_in_period(column, *period) }}{% endfor %})
    {%- endif -%}
{%- endmacro %}

{% macro is_in_period(column, opens, closes) -%}
    ({{ column }} >= timestamp '{{ opens }}' and {{ column }} < timestamp '{{ closes }}')
{%- endmacro %}

{# The periods of a relation's rows as (opens, closes), ascending; those that overlap or touch are one. #}
{% macro touched_periods(news, opens, closes) -%}
    {%- set statement %}
        with changed as (
            select distinct
                {{ opens }} as opens_at,
                {{ closes }} as closes_at
            from {{ news }}
            -- A row without a usable time belongs to no period, and must not stop those that do.
            where {{ opens }} is not null and {{ closes }} is not null
        ),

        marked as (
            select
                *,
                max(closes_at) over (
                    order by opens_at, closes_at rows between unbounded preceding and 1 preceding
                ) as reached_at
            from changed
        ),

        numbered as (
            select
                *,
                sum(case when opens_at <= reached_at then 0 else 1 end) over (
                    order by opens_at, closes_at rows unbounded preceding
                ) as period
            from marked
        )

        select
            cast(min(opens_at) as varchar),
            cast(max(closes_at) as varchar)
        from numbered
        group by period
        order by 1
    {%- endset -%}
    {{ return(run_query(statement).rows | map('list') | list) }}
{%- endmacro %}


{# The table as the run before left it; none where there was none. #}
{% macro known_gaps() -%}
    {{ return(load_relation(this) if execute else none) }}
{%- endmacro %}
