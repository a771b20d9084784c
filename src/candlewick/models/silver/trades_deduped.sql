{{ config(incremental_strategy='append', full_refresh=false) }}
{%- set slack = "interval '" ~ var('copy_window_minutes') ~ " minutes'" %}

with

events as (

    {{ raw_events(
        'trade',
        {
            'symbol': 's',
            'trade_id': 't',
            'price': 'p',
            'quantity': 'q',
            'traded_at': 'T',
            'is_buyer_maker': 'm',
            'received_at': 'recv',
            'source': 'src',
        },
        is_raw_news(),
    ) }}

),

typed as (

    select
        symbol,
        try_cast(trade_id as bigint) as trade_id,
        {{ to_decimal('price') }} as price,
        {{ to_decimal('quantity') }} as quantity,
        try_cast(is_buyer_maker as boolean) as is_buyer_maker,
        {{ to_timestamp('traded_at') }} as traded_at,
        {{ to_timestamp('received_at') }} as received_at,
        loaded_at,
        source,
        row_number
    from events

),

-- What is not a trade stays in RAW, and its id shows as a hole in TAPE_GAPS: seen, and in nobody's way.
checked as (

    select
        *,
        coalesce(
            symbol is not null
            and trade_id is not null
            and is_buyer_maker is not null
            and traded_at is not null
            and cast(price as double) * cast(quantity as double) < 1e21,
            false
        ) as is_trade
    from typed

),

first_copies as (

    select *
    from checked
    qualify row_number() over (
        partition by symbol, trade_id
        order by is_trade desc, loaded_at, received_at, row_number
    ) = 1

),

{% if is_incremental() %}

held as (

    select
        symbol,
        trade_id
    from {{ this }}
    where {{ is_in_touched_period(
        'traded_at',
        news='(' ~ raw_events('trade', {'traded_at': 'T'}, is_raw_news()) ~ ') as news',
        opens="date_trunc('minute', " ~ to_timestamp('traded_at') ~ ") - " ~ slack,
        closes="date_trunc('minute', " ~ to_timestamp('traded_at') ~ ") + interval '1 minute' + " ~ slack,
    ) }}

),

{% endif %}

new_trades as (

    select *
    from first_copies
    where is_trade
    {%- if is_incremental() %}
        and not exists (
            select 1
            from held
            where held.symbol = first_copies.symbol
                and held.trade_id = first_copies.trade_id
        )
    {%- endif %}

),

final as (

    select
        symbol || '-' || trade_id as business_key,
        symbol,
        trade_id,
        price,
        quantity,
        cast(price * quantity as decimal(38, 8)) as quote_quantity,
        is_buyer_maker,
        traded_at,
        {{ to_zone('traded_at', 'Asia/Kolkata') }} as traded_at_ist,
        received_at,
        {{ noted_at() }} as loaded_at,
        source
    from new_trades
    order by symbol, trade_id

)

select * from final
