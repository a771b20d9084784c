{# For who runs the models with dbt: what its adapter for Snowflake leaves open. An owner needs none of it. #}

{# What `timestamp` means is a parameter of an account or a user. With another meaning every time would be another one. #}
{% macro refuse_other_timestamps() -%}
    {%- if execute and target.type == 'snowflake' -%}
        {%- set found = run_query("show parameters like 'TIMESTAMP_TYPE_MAPPING' in session").rows[0][1] -%}
        {%- if found != 'TIMESTAMP_NTZ' -%}
            {{ exceptions.raise_compiler_error(
                'TIMESTAMP_TYPE_MAPPING is ' ~ found ~ ', and the models mean times without a zone: '
                ~ 'ALTER USER … SET TIMESTAMP_TYPE_MAPPING = TIMESTAMP_NTZ'
            ) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{#
    Trades of sealed days may be in no table here (`[retention] silver`), and old rows of GOLD are in the mart alone: the
    embedded warehouse's owner reads these files, and a full refresh by dbt would make GOLD without them.
#}
{% macro refuse_to_leave_sealed_days_out() -%}
    {%- if execute and target.type == 'duckdb' and flags.FULL_REFRESH -%}
        {%- set elsewhere = {
            'sealed_days': ' sealed days are read from their files',
            'gold_in_mart': ' tables of GOLD have old rows in the mart alone',
        } -%}
        {%- for table, told in elsewhere.items() -%}
            {%- set known = "select count(*) from duckdb_tables() where schema_name = 'raw' and table_name = '" ~ table ~ "'" -%}
            {%- set count = run_query('select count(*) from raw.' ~ table).rows[0][0] if run_query(known).rows[0][0] else 0 -%}
            {%- if count -%}
                {{ exceptions.raise_compiler_error(
                    count ~ told ~ ', which dbt does not see: make GOLD anew with `candlewick rebuild`'
                ) }}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{# A payload in a unit test is text that is parsed, as a line is when it is loaded; dbt would make a VARIANT of one string. #}
{% macro snowflake__safe_cast(field, type) -%}
    {%- if type | upper == 'VARIANT' -%}
    parse_json({{ field }})
    {%- else -%}
    try_cast({{ dbt.string_literal(field) if field is number else field }} as {{ type }})
    {%- endif -%}
{%- endmacro %}
