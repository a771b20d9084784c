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

{# A payload in a unit test is text that is parsed, as a line is when it is loaded; dbt would make a VARIANT of one string. #}
{% macro snowflake__safe_cast(field, type) -%}
    {%- if type | upper == 'VARIANT' -%}
    parse_json({{ field }})
    {%- else -%}
    try_cast({{ dbt.string_literal(field) if field is number else field }} as {{ type }})
    {%- endif -%}
{%- endmacro %}
