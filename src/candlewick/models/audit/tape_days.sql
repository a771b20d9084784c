{{ config(unique_key=['symbol', 'day'], tags='audit') }}

{#- Ids that are missing still, by the day on each side of their hole. -#}
{%- set holes %}(
        select
            symbol,
            day,
            cast(sum(missing_count) as bigint) as missing_count,
            cast(sum(declared_count) as bigint) as declared_count
        from (
            select
                symbol,
                cast(coalesce(previous_traded_at, next_traded_at) as date) as day,
                missing_count,
                declared_count
            from {{ ref('tape_gaps') }}
            where state <> 'filled'

            union all

            select
                symbol,
                cast(next_traded_at as date) as day,
                missing_count,
                declared_count
            from {{ ref('tape_gaps') }}
            where state <> 'filled' and cast(next_traded_at as date) > cast(previous_traded_at as date)
        ) as sides
        where day is not null
        group by symbol, day
    )
{%- endset %}

{#- Days of which something is not in this table yet. -#}
{%- set news %}(
        select
            symbol,
            cast(open_time as date) as day
        from {{ ref('candle_audit') }}
        where {{ is_news() }}

        union

        select
            symbol,
            day
        from {{ ref('tape_day_notes') }}
        where {{ is_news() }}
        {%- if is_incremental() %}

        union

        select
            holes.symbol,
            holes.day
        from {{ holes }} as holes
        inner join {{ this }} as known
            on holes.symbol = known.symbol
            and holes.day = known.day
        where holes.missing_count <> known.missing_count or holes.declared_count <> known.declared_count
        {%- endif %}
    )
{%- endset %}

with

news as (

    select * from {{ news }} as days_with_news

),

heads as (

    select
        symbol,
        cast(max(last_traded_at) as date) as day
    from {{ ref('tape_spans') }}
    group by symbol

),

sealed as (

    select
        symbol,
        day
    from {{ ref('tape_day_notes') }}
    where state = 'sealed'

),

-- Only days that are over: the running one would change with every trade. A sealed one is over, whatever followed it.
asked as (

    select
        news.symbol,
        news.day
    from news
    left join heads
        on news.symbol = heads.symbol
    left join sealed
        on news.symbol = sealed.symbol
        and news.day = sealed.day
    where heads.day is null or news.day < heads.day or sealed.day is not null

),

minutes as (

    select
        symbol,
        open_time,
        cast(open_time as date) as day,
        status,
        is_complete,
        trade_count,
        first_trade_id,
        last_trade_id,
        loaded_at
    from {{ ref('candle_audit') }}
    where {{ is_in_touched_period(
        'open_time',
        news=news ~ ' as days_with_news',
        opens='cast(day as timestamp)',
        closes="cast(day as timestamp) + interval '1 day'",
    ) }}

),

counted as (

    select
        minutes.symbol,
        minutes.day,
        min(minutes.open_time) as first_open_time,
        max(minutes.open_time) as last_open_time,
        count(*) as minute_count,
        count(case when minutes.is_complete then 1 end) as complete_count,
        count(case when minutes.status = 'match' then 1 end) as match_count,
        count(case when minutes.status = 'mismatch' then 1 end) as mismatch_count,
        cast(sum(minutes.trade_count) as bigint) as trade_count,
        min(minutes.first_trade_id) as first_trade_id,
        max(minutes.last_trade_id) as last_trade_id,
        max(minutes.loaded_at) as loaded_at
    from minutes
    inner join asked
        on minutes.symbol = asked.symbol
        and minutes.day = asked.day
    group by minutes.symbol, minutes.day

),

holes as (

    select * from {{ holes }} as by_day

),

answers as (

    select
        symbol,
        max(loaded_at) as loaded_at
    from {{ ref('tape_holes') }}
    group by symbol

),

joined as (

    select
        asked.symbol,
        asked.day,
        notes.state as noted_state,
        notes.why as noted_why,
        notes.digest,
        notes.sealed_file,
        case when notes.state = 'sealed' then notes.first_trade_id else counted.first_trade_id end as first_trade_id,
        case when notes.state = 'sealed' then notes.last_trade_id else counted.last_trade_id end as last_trade_id,
        case when notes.state = 'sealed' then notes.trade_count else coalesce(counted.trade_count, 0) end as trade_count,
        coalesce(holes.missing_count, 0) as missing_count,
        coalesce(holes.declared_count, 0) as declared_count,
        coalesce(notes.declared_count, 0) as sealed_declared_count,
        counted.first_open_time = cast(asked.day as timestamp)
        and counted.last_open_time = cast(asked.day as timestamp) + interval '1439 minutes' as is_to_its_ends,
        coalesce(counted.minute_count, 0) as minute_count,
        coalesce(counted.complete_count, 0) as complete_count,
        coalesce(counted.match_count, 0) as match_count,
        coalesce(counted.mismatch_count, 0) as mismatch_count,
        greatest(
            coalesce(counted.loaded_at, timestamp '1970-01-01'),
            coalesce(notes.loaded_at, timestamp '1970-01-01'),
            case when holes.day is null then timestamp '1970-01-01' else coalesce(answers.loaded_at, timestamp '1970-01-01') end
        ) as loaded_at
    from asked
    left join counted
        on asked.symbol = counted.symbol
        and asked.day = counted.day
    left join {{ ref('tape_day_notes') }} as notes
        on asked.symbol = notes.symbol
        and asked.day = notes.day
    left join holes
        on asked.symbol = holes.symbol
        and asked.day = holes.day
    left join answers
        on asked.symbol = answers.symbol

),

judged as (

    select
        *,
        case
            when noted_state = 'sealed' then 'sealed'
            when mismatch_count > 0 or noted_state in ('mismatch', 'lost') then 'mismatch'
            when missing_count > declared_count then 'healing'
            when minute_count = 1440 and complete_count = 1440 then 'whole'
            when is_to_its_ends and declared_count > 0 then 'declared'
            when noted_state = 'healing' then 'healing'
            else 'partial'
        end as state
    from joined

),

final as (

    select
        symbol,
        day,
        state,
        first_trade_id,
        last_trade_id,
        trade_count,
        missing_count,
        case when state = 'sealed' then sealed_declared_count else declared_count end as declared_count,
        minute_count,
        match_count,
        digest,
        sealed_file,
        case
            when state = 'sealed' then null
            when noted_why is not null then noted_why
            when state = 'mismatch' then concat(mismatch_count, ' minutes differ from the exchange''s own candles')
            when state = 'healing' then concat(missing_count - declared_count, ' trade ids are missing and asked for')
            when state = 'whole' then 'every trade is here; it is sealed when it is at rest'
            when state = 'declared' then concat(declared_count, ' trade ids do not exist, says the exchange')
            else concat('the tape has ', complete_count, ' of its 1440 minutes whole')
        end as why,
        loaded_at
    from judged

)

select * from final
