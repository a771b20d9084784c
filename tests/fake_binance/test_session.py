"""The WebSocket protocol without a socket."""

import json

import pytest

from candlewick.fake_binance.server.session import MAX_STREAMS, RefusedError, Session
from candlewick.fake_binance.server.wire import Unit


def make(*names, combined=True):
    return Session(list(names), combined=combined, unit=Unit.MILLISECOND)


def ask(session, **request):
    return json.loads(session.answer(json.dumps(request)))


def test_streams_are_subscribed_listed_and_unsubscribed():
    session = make("btcdemo@trade")
    assert ask(session, method="SUBSCRIBE", params=["ethdemo@trade", "btcdemo@trade"], id=1) == {
        "result": None,
        "id": 1,
    }
    listed = ask(session, method="LIST_SUBSCRIPTIONS", id=2)
    assert listed == {"result": ["btcdemo@trade", "ethdemo@trade"], "id": 2}
    assert ask(session, method="UNSUBSCRIBE", params=["btcdemo@trade"], id="a1") == {"result": None, "id": "a1"}
    assert [stream.name for stream in session.streams] == ["ethdemo@trade"]


def test_a_name_that_no_stream_has_is_accepted_and_silent():
    session = make("btcdemo@depth", "BTCDEMO@trade", "btcdemo@kline_7m")
    assert ask(session, method="SUBSCRIBE", params=["nothing"], id=None) == {"result": None, "id": None}
    assert len(session.subscriptions) == 4
    assert session.streams == []


def test_the_combined_property_changes_the_frames():
    session = make("btcdemo@trade", combined=False)
    assert session.frame("btcdemo@trade", "{}") == "{}"
    assert ask(session, method="SET_PROPERTY", params=["combined", True], id=5) == {"result": None, "id": 5}
    assert session.frame("btcdemo@trade", "{}") == '{"stream":"btcdemo@trade","data":{}}'
    assert ask(session, method="GET_PROPERTY", params=["combined"], id=2) == {"result": True, "id": 2}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"method":"SET_PROPERTY","params":["combined","yes"],"id":1}', 1),
        ('{"method":"SET_PROPERTY","params":["colour",true],"id":1}', 0),
        ('{"method":"GET_PROPERTY","params":["colour"],"id":1}', 0),
        ('{"method":"GET_PROPERTY","params":[3],"id":1}', 2),
        ('{"method":"GET_PROPERTY","params":["combined",1,2],"id":1}', 2),
        ('{"method":"SUBSCRIB","params":[],"id":1}', 2),
        ('{"method":"SUBSCRIBE","params":"btcdemo@trade","id":1}', 2),
        ('{"params":[],"id":1}', 2),
        ('{"method":"LIST_SUBSCRIPTIONS","id":1.5}', 2),
        ('{"method":"LIST_SUBSCRIPTIONS","id":"not alphanumeric!"}', 2),
        ("[1]", 2),
        ("{", 3),
        ("\xff", 3),
    ],
)
def test_a_wrong_request_gets_binances_code_and_changes_nothing(text, code):
    session = make("btcdemo@trade")
    answer = json.loads(session.answer(text))
    assert answer["code"] == code
    assert answer["msg"]
    assert list(session.subscriptions) == ["btcdemo@trade"]
    assert session.combined


def test_a_connection_has_at_most_1024_streams():
    names = [f"s{number}@trade" for number in range(MAX_STREAMS)]
    session = make(*names)
    assert ask(session, method="SUBSCRIBE", params=["one@trade"], id=1)["code"] == 2
    assert ask(session, method="SUBSCRIBE", params=names[:3], id=1)["result"] is None
    with pytest.raises(RefusedError):
        make(*names, "one@trade")


def test_more_than_five_messages_in_a_second_are_too_many():
    session = make()
    assert not any(session.is_flooding(quarter / 4) for quarter in range(50))
    assert [session.is_flooding(20.0) for _ in range(6)] == [False] * 5 + [True]
