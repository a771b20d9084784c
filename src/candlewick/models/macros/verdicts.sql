{#
    The names of the fields in which ours and the exchange's differ, each after a comma; null where none does. What
    begins the names of each side comes before a field's. Of `unstated` ones the exchange says nothing at times.
#}
{% macro differing_fields(fields, ours, theirs, unstated=[]) -%}
    nullif(
            concat(
                {%- for field in fields %}
                case
                    when {{ ours }}{{ field }} is distinct from {{ theirs }}{{ field }}
                        {%- if field in unstated %}
                        and {{ theirs }}{{ field }} is not null
                        {%- endif %}
                        then ',{{ field }}'
                    else ''
                end
                {{- ',' if not loop.last }}
                {%- endfor %}
            ),
            ''
        )
{%- endmacro %}
