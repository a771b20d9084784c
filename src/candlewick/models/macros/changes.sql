{#
    How an incremental run finds what changed, and reads little else.

    Every table carries `loaded_at`, the moment of the load that a row last changed by; it only grows. So what is newer
    than a table's own newest row is what that table has not seen yet.

    RAW keeps that promise on DuckDB, where one loader commits one load after the other. On Snowflake loads overlap, and
    a line can become visible days after another with a later time. So the owner there takes lines in the order in which
    they were committed, from a stream, and stamps them in the transaction that makes SILVER and GOLD of them: the models
    read RAW.BINANCE_TAKEN, which keeps the promise, and no clock decides what is read.

    A warehouse's owner runs what these models compile to, many times, and not dbt: with `var('live')` a statement has
    `$since(…)` where it asks for its watermark, `$touched(…)` and `$near(…)` where dbt would ask for periods, `$constant(…)`
    where a view wants a literal, and on DuckDB it reads the lines of a load where it reads RAW. The owner puts in what
    it knows (warehouse/duckdb/cycle.py, warehouse/snowflake/cycle.py).
#}

{# As dbt's own; what an owner runs is always so, and its tables need not be there when it is compiled. #}
{% macro is_incremental() -%}
    {{ return(model.config.materialized == 'incremental' if var('live', false) else dbt.is_incremental()) }}
{%- endmacro %}


{# True for rows that the table being built has not seen; all of them in a full build. #}
{% macro is_news(column='loaded_at', own_column='loaded_at') -%}
    {%- if is_incremental() -%}
    {{ column }} > {{ watermark(own_column) }}
    {%- else -%}
    true
    {%- endif -%}
{%- endmacro %}

{# The newest moment in a column of the table being built. #}
{% macro watermark(column='loaded_at') -%}
    {%- set newest = "(select coalesce(max(" ~ column ~ "), timestamp '1970-01-01') from " ~ this ~ ")" -%}
    {{ return(adapter.dispatch('as_constant')(newest, column)) }}
{%- endmacro %}

{% macro duckdb__as_constant(timestamp, column) -%}
    {{ '$since(' ~ column ~ ')' if var('live', false) else timestamp }}
{%- endmacro %}

{# Snowflake decides which partitions to skip before it runs a query's subqueries. A unit test's `this` is no table. #}
{% macro snowflake__as_constant(timestamp, column) -%}
    {%- if var('live', false) -%}
    $since({{ column }})
    {%- else -%}
    {{ constant(timestamp) }}
    {%- endif -%}
{%- endmacro %}


{#
    For Snowflake: the value of an expression with a timestamp, as a literal. "Not all predicate expressions can be used
    to prune … a predicate with a subquery, even if the subquery results in a constant value", say its documents
    ("Micro-partitions & data clustering", query pruning).
#}
{% macro constant(timestamp) -%}
    {%- if var('live', false) -%}
    $constant({{ timestamp }})
    {%- elif execute and this is not string -%}
    timestamp '{{ run_query('select ' ~ timestamp_text(timestamp)).rows[0][0] }}'
    {%- else -%}
    {{ timestamp }}
    {%- endif -%}
{%- endmacro %}


{# True for lines of objects that the table being built has no row of. #}
{% macro is_new_object() -%}
    {{ return(adapter.dispatch('is_new_object')()) }}
{%- endmacro %}

{% macro duckdb__is_new_object() -%}
    {{ is_news() }}
{%- endmacro %}

{# Nothing keeps a pipe that is made anew, or a load by hand, from bringing an object a second time. #}
{% macro snowflake__is_new_object() -%}
    {{ is_news() }}
    {%- if is_incremental() %}
        and object_name not in (
            select object_name
            from {{ this }}
            where {{ is_in_touched_period(
                'created_at',
                news='(select ' ~ to_timestamp('created_at') ~ ' as created_at from ('
                    ~ raw_events('manifest', {'created_at': 'created'}, is_news()) ~ ') as events) as news',
                opens='created_at',
                closes="created_at + interval '1 second'",
            ) }}
        )
    {%- endif -%}
{%- endmacro %}


{#
    True for lines of RAW that can be candles of `objects`, whose manifests are in `news`, and for some others. On
    Snowflake a line and its object's manifest can come in different cycles where they are streamed: all new lines.
#}
{% macro is_loaded_with(news) -%}
    {{ return(adapter.dispatch('is_loaded_with')(news)) }}
{%- endmacro %}

{% macro duckdb__is_loaded_with(news) -%}
    object_name in (select object_name from objects) and {{ 'true' if var('live', false) else is_in_touched_period('loaded_at', news, opens='loaded_at', closes="loaded_at + interval '1 microsecond'") }}
{%- endmacro %}

{% macro snowflake__is_loaded_with(news) -%}
    {{ is_news() }}
{%- endmacro %}


{#
    True for rows whose `column` lies in a period that a relation's news touch, as constants.

    Constants, because both warehouses skip what lies outside of them without reading it; what they find out while a
    query runs helps less, or not at all. `opens` and `closes` are the period of a changed row. Sometimes true for a row
    in no such period: where news are scattered over more periods than `most`, one period from the first to the last.
#}
{% macro is_in_touched_period(column, news, opens, closes, most=24) -%}
    {%- set is_live = is_incremental() and var('live', false) -%}
    {%- set periods = touched_periods(news, opens, closes) if is_incremental() and execute and not is_live else none -%}
    {%- if is_live -%}
    $touched({{ column }}: {{ periods_of(news, opens, closes) }})
    {%- elif periods is none -%}
    true
    {%- elif not periods -%}
    false
    {%- elif periods | length > most -%}
    {{ is_in_period(column, periods[0][0], periods[-1][1]) }}
    {%- else -%}
    ({% for period in periods %}{{ ' or ' if not loop.first }}{{ is_in_period(column, *period) }}{% endfor %})
    {%- endif -%}
{%- endmacro %}

{#
    True for rows that what is new can be a neighbour of, as constants: those of the periods that it touches, and of
    some days before and after. Only Snowflake's owner asks for it (warehouse/snowflake/cycle.py): DuckDB finds
    neighbours by their ids without reading much, and dbt looks at all, as it does at the owner's start and once a day.
#}
{% macro is_near_touched_period(column, news, opens, closes) -%}
    {{ return(adapter.dispatch('is_near_touched_period')(column, news, opens, closes)) }}
{%- endmacro %}

{% macro duckdb__is_near_touched_period(column, news, opens, closes) -%}
    true
{%- endmacro %}

{% macro snowflake__is_near_touched_period(column, news, opens, closes) -%}
    {%- if is_incremental() and var('live', false) -%}
    $near({{ column }}: {{ periods_of(news, opens, closes) }})
    {%- else -%}
    true
    {%- endif -%}
{%- endmacro %}

{% macro is_in_period(column, opens, closes) -%}
    ({{ column }} >= timestamp '{{ opens }}' and {{ column }} < timestamp '{{ closes }}')
{%- endmacro %}

{# The periods of a relation's rows as (opens, closes), ascending; those that overlap or touch are one. #}
{% macro touched_periods(news, opens, closes) -%}
    {%- set statement %}
        with changed as (
            {{ periods_of(news, opens, closes) }}
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
            {{ timestamp_text('min(opens_at)') }},
            {{ timestamp_text('max(closes_at)') }}
        from numbered
        group by period
        order by 1
    {%- endset -%}
    {{ return(run_query(statement).rows | map('list') | list) }}
{%- endmacro %}


{# The period of every row, each once. A row without a usable time belongs to none, and must not stop those that do. #}
{% macro periods_of(news, opens, closes) -%}
    select distinct
        {{ opens }} as opens_at,
        {{ closes }} as closes_at
    from {{ news }}
    where {{ opens }} is not null and {{ closes }} is not null
{%- endmacro %}


{# The table as the run before left it; none where there was none. #}
{% macro known_gaps() -%}
    {{ return(this if var('live', false) else load_relation(this) if execute else none) }}
{%- endmacro %}


{# True for candles of the exchange that the new lines can correct, as constants where it is Snowflake's owner who asks. #}
{% macro is_held_candle(interval) -%}
    {{ return(adapter.dispatch('is_held_candle')(interval)) }}
{%- endmacro %}

{% macro duckdb__is_held_candle(interval) -%}
    true
{%- endmacro %}

{% macro snowflake__is_held_candle(interval) -%}
    {{ is_in_touched_period(
        'open_time',
        news='(select ' ~ to_timestamp('open_time') ~ ' as open_time from ('
            ~ raw_events('kline', {'open_time': 'k.t'}, is_news()) ~ ') as events) as news',
        opens="date_trunc('hour', open_time)",
        closes="date_trunc('hour', open_time) + interval '1 hour'",
    ) }}
{%- endmacro %}


{#
    What need not be done where each minute with news has trades in the minutes beside it, or none that is known: the
    embedded warehouse's owner knows where that is so (warehouse/duckdb/heads.py), and leaves it out.
#}
{% macro where_apart(sql) -%}
    {{ '$apart(' ~ sql ~ ')' if var('live', false) and target.type == 'duckdb' and is_incremental() else sql }}
{%- endmacro %}


{# The same of what is done only where copies of a trade can have come: without one it is as if nothing were there. #}
{% macro where_copied(sql) -%}
    {{ '$copied(' ~ sql ~ ')' if var('live', false) and target.type == 'duckdb' else sql }}
{%- endmacro %}


{# True for trades that can be neighbours of new ones; of a table that is made anew each time. #}
{% macro is_near_new_trades(column) -%}
    {{ return(adapter.dispatch('is_near_new_trades')(column)) }}
{%- endmacro %}

{% macro duckdb__is_near_new_trades(column) -%}
    true
{%- endmacro %}

{% macro snowflake__is_near_new_trades(column) -%}
    {%- if var('live', false) -%}
    $near({{ column }}: {{ periods_of(
        '(select traded_at from ' ~ ref('trades_deduped') ~ ' where loaded_at > $since(loaded_at)) as news',
        opens="date_trunc('minute', traded_at)",
        closes="date_trunc('minute', traded_at) + interval '1 minute'",
    ) }})
    {%- else -%}
    true
    {%- endif -%}
{%- endmacro %}
