{#
    A model lives in the schema that its folder names; what audits GOLD, and what is live of it, lives beside it. So it is
    on the targets of production, whose names Candlewick gives; on any other one the target's own schema comes first, as
    dbt does it by itself: whoever tries something out replaces nobody's tables.
#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set folder = node.original_file_path.replace('\\', '/').split('/')[0] -%}
    {%- set schemas = {'silver': 'silver', 'gold': 'gold', 'live': 'gold', 'audit': 'gold'} -%}
    {%- set schema = schemas.get(folder, custom_schema_name or target.schema) -%}
    {{ schema if target.name in ('duckdb', 'snowflake') else target.schema ~ '_' ~ schema }}
{%- endmacro %}
