{#
    The steps that a footprint's levels may have: 1, 5, 10, 50, … hundred-millionths of the quote asset, ascending. Each
    divides the next, so levels of one step add up to those of any larger one.
#}
{% macro level_steps() -%}
    {%- set steps = [] -%}
    {%- for power in range(18) -%}
        {%- do steps.extend([10 ** power, 5 * 10 ** power]) -%}
    {%- endfor -%}
    {{ return(steps) }}
{%- endmacro %}


{# Where the level begins that a price lies in. The remainder of two decimals is exact in both warehouses. #}
{% macro level_of(price, step) -%}
    {{ price }} - mod({{ price }}, {{ step }})
{%- endmacro %}


{#
    The smallest step with which a minute has few enough levels: `most` of them, and no more than one for every
    `trades_a_level` trades, but `fewest` in any case. So its rows are bounded, and small beside its trades.
#}
{% macro step_of(low, high, trade_count, fewest=8, most=64, trades_a_level=8) -%}
    {%- set limit = 'least(' ~ most ~ ', greatest(' ~ fewest ~ ', cast(floor(' ~ trade_count ~ ' / ' ~ trades_a_level ~ ') as bigint)))' -%}
    {{ return(adapter.dispatch('step_within')(low, high, limit)) }}
{%- endmacro %}

{# One test for all steps: a case of thirty-six takes DuckDB longer to plan than a minute's trades to add up. #}
{% macro duckdb__step_within(low, high, limit) -%}
    {%- set steps = [] -%}
    {%- for units in level_steps() -%}
        {%- do steps.append("'%.8f'" % (units / 100000000)) -%}
    {%- endfor -%}
    list_filter(
        cast([{{ steps | join(', ') }}] as decimal(38, 8)[]),
        lambda step: ({{ level_of(high, 'step') }}) - ({{ level_of(low, 'step') }}) < {{ limit }} * step
    )[1]
{%- endmacro %}

{% macro snowflake__step_within(low, high, limit) -%}
    case
        {%- for units in level_steps() %}
        {%- set step = 'cast(' ~ '%.8f' % (units / 100000000) ~ ' as decimal(38, 8))' %}
        when ({{ level_of(high, step) }}) - ({{ level_of(low, step) }}) < {{ limit }} * {{ step }} then {{ step }}
        {%- endfor %}
    end
{%- endmacro %}
