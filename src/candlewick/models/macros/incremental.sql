{#
    dbt's incremental materialization for DuckDB, with what this project needs of it. The one that comes with dbt-duckdb
    asks the catalog six questions a model, which is more than half of a cycle that runs every second; Snowflake uses
    its own. The rows that a run makes replace those of their keys, in one transaction. What the model's `computed`
    columns say is stored in others: they are worked out where they are read.
#}
{% materialization incremental, adapter='duckdb' -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set existing_relation = load_cached_relation(this) -%}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- if existing_relation is none or should_full_refresh() -%}
        {%- call statement('main') -%}
            {{ drop_table_if_exists(target_relation) }}
            {{ create_table_with(target_relation, sql) }}
        {%- endcall -%}
    {%- else -%}
        {%- call statement('main') -%}
            {{ replace_rows(target_relation, sql) }}
        {%- endcall -%}
    {%- endif -%}

    {%- do persist_docs(target_relation, model) -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do adapter.commit() -%}
    {{ return({'relations': [target_relation]}) }}
{%- endmaterialization %}


{% macro drop_table_if_exists(relation) -%}
    drop table if exists {{ relation }};
{%- endmacro %}


{% macro create_table_with(relation, sql) -%}
    {%- set computed = config.get('meta').get('computed', {}) -%}
    {{ get_assert_columns_equivalent(sql) }}
    create table {{ relation }} (
        {%- for name, column in model['columns'].items() %}
        {{ name }} {{ column['data_type'] }}
        {%- if name in computed %} generated always as ({{ computed[name] }}){% endif %}{{ ',' if not loop.last }}
        {%- endfor %}
    );
    insert into {{ relation }} ({{ stored_columns() }})
    select {{ stored_columns() }} from ({{ sql }}) as made;
{%- endmacro %}


{# The columns of a model that are not computed. #}
{% macro stored_columns() -%}
    {{ return(model['columns'] | reject('in', config.get('meta').get('computed', {})) | join(', ')) }}
{%- endmacro %}


{% macro replace_rows(relation, sql) -%}
    {%- set keys = [config.get('unique_key')] if config.get('unique_key') is string else config.get('unique_key') -%}
    {%- set columns = stored_columns() -%}
    {%- set changed = this.identifier ~ '__changed' -%}
    create or replace temporary table {{ changed }} as (
        select {{ columns }} from ({{ sql }}) as made
    );
    {% if config.get('incremental_strategy') != 'append' -%}
    delete from {{ relation }} as held
    using (select distinct {{ keys | join(', ') }} from {{ changed }}) as changed
    where {% for key in keys %}held.{{ key }} = changed.{{ key }}{{ ' and ' if not loop.last }}{% endfor %};
    {% endif -%}
    insert into {{ relation }} ({{ columns }})
    select {{ columns }} from {{ changed }};
    drop table {{ changed }};
{%- endmacro %}
