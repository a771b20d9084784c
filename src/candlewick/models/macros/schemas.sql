{# A model lives in the schema that its folder names; what audits GOLD, and what is live of it, lives beside it. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set folder = node.original_file_path.replace('\\', '/').split('/')[0] -%}
    {%- set schemas = {'silver': 'silver', 'gold': 'gold', 'live': 'gold', 'audit': 'gold'} -%}
    {{ schemas.get(folder, custom_schema_name or target.schema) }}
{%- endmacro %}
