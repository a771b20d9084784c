"""A visitor's text reaches Snowflake as one SELECT and as nothing else, however it is dressed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from candlewick.errors import QueryRefusedError
from candlewick.warehouse.snowflake.guard import guarded

PROCEDURE = "procedure () returns int language sql as 'begin return 1; end' call x()"


@pytest.mark.parametrize(
    "statement",
    [
        f"with x as/**/{PROCEDURE}",
        f"with x as/* */\n--\n{PROCEDURE}",
        f"with x as //\n{PROCEDURE}",
        f"with x as -- a comment that ends\r{PROCEDURE}",
        f"with x as -- a comment that ends\x85{PROCEDURE}",
        f"with x as -- a comment that ends\u2028{PROCEDURE}",
        "with x as pro\u200bcedure () returns int",
        "select 1 ->> drop table gold.candle_audit",
        "select 1; drop table gold.candle_audit",
        "select 1 /* ; */ ; /* */ use role accountadmin",
        "select '\\'; drop table gold.candle_audit; --'; select 1",
        "select 'a' 'b'';' ; drop table x",
        "/* select */ drop table gold.candle_audit",
        "-- select\ndrop table gold.candle_audit",
        "select 1 /* no end",
        "select 'no end",
        'select "no end',
        "select $$ select 1 $$",
        "select $1 from @~/file",
        "select system$wait(60)",
        "select system $ cancel_all_queries(1)",
        "select snowflake.cortex.complete('llama', 'hello')",
        'select "SNOWFLAKE"."CORTEX".complete(1, 2)',
        "select ai_complete('llama', 'hello')",
        "select complete('llama', 'hello')",
        "select Try_Complete ('llama', 'hello')",
        "select embed_text_1024/**/('model', 'hello')",
        "select \"COMPLETE\"('llama', 'hello')",
        "select * from table(result_scan('01b2'))",
        "select * from table(result_scan(last_query_id()))",
        "select * from table(candlewick.information_schema.query_history())",
        "select * from table(INFORMATION_SCHEMA . QUERY_HISTORY_BY_USER ())",
        'select * from table(information_schema."QUERY_HISTORY"())',
        "select * from identifier('snow' || 'flake.account_usage.query_history')",
        "call system$wait(60)",
        "execute immediate 'drop table x'",
        "",
        "-- a comment",
        ";",
    ],
)
def test_what_is_more_or_less_than_one_select_is_refused_in_one_line(statement: str) -> None:
    with pytest.raises(QueryRefusedError) as refused:
        guarded(statement)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("statement", "sent"),
    [
        ("select 1", "select 1"),
        ("  select 1 ; \n", "select 1"),
        ("select/**/1--two\n+ 2 // three", "select 1 \n+ 2"),
        ("select 1 -/**/>> 2", "select 1 - >> 2"),
        ("SELECT 'call; -- /* @ $$ procedure'", "SELECT 'call; -- /* @ $$ procedure'"),
        ("select 'it''s \\' not; over' as \"a;b--\"", "select 'it''s \\' not; over' as \"a;b--\""),
        (
            "select complete, translate from information_schema.columns",
            "select complete, translate from information_schema.columns",
        ),
        ("select a - -1, b / 2 from t", "select a - -1, b / 2 from t"),
        ("(select 1)\r\nunion all select 2", "(select 1)\nunion all select 2"),
    ],
)
def test_a_select_is_sent_as_it_was_checked(statement: str, sent: str) -> None:
    assert guarded(statement) == sent


TOKENS = [
    "select ",
    "with x as ",
    "procedure",
    "call x()",
    "'",
    '"',
    "--",
    "//",
    "/*",
    "*/",
    "\n",
    "\\",
    ";",
    "->>",
    "$$",
    " ",
    "a",
]


@settings(deadline=None)
@given(st.lists(st.sampled_from(TOKENS), max_size=12).map("".join))
def test_what_is_sent_has_no_comments_and_is_sent_alike_again(text: str) -> None:
    """Reading it a second time changes nothing: there is nothing left in it that could be read differently."""
    try:
        sent = guarded("select " + text)
    except QueryRefusedError:
        return
    assert guarded(sent) == sent
