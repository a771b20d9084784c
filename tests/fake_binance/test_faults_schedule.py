"""Which fault begins when: plans, seeds, and how both are written down."""

import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from candlewick.errors import ConfigError
from candlewick.fake_binance.faults import KINDS, Fault, Plan, RandomFaults
from candlewick.fake_binance.faults.fault import from_json
from candlewick.fake_binance.faults.schedule import ON_DEMAND, parse

AMOUNTS = ("seconds", "count", "value", "status")


def drawn(schedule, moments):
    """Return what a schedule gives when it is asked at some moments."""
    return [fault for moment in sorted(moments) for fault in schedule.due(moment)]


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**63), moments=st.lists(st.floats(0, 500), max_size=30))
def test_a_seed_gives_the_same_faults_however_often_it_is_asked(seed, moments):
    assert drawn(RandomFaults(seed), [*moments, 500.0]) == RandomFaults(seed).due(500.0)


def test_another_seed_gives_other_faults():
    assert RandomFaults(1).due(300) != RandomFaults(2).due(300)


def test_random_faults_come_at_the_asked_pace_and_of_the_asked_kinds_alone():
    faults = RandomFaults(7, ["drop", "silence"], every=2.0).due(1_000)
    assert {fault.kind for fault in faults} == {"drop", "silence"}
    assert len(faults) == pytest.approx(500, rel=0.1)
    gaps = [right.at - left.at for left, right in itertools.pairwise(faults)]
    assert min(gaps) >= 0.99
    assert max(gaps) <= 3.01
    assert {fault.leg for fault in faults} == {None, 0, 1}


def test_random_amounts_lie_in_their_kinds_range_and_every_kind_comes():
    faults = RandomFaults(3, every=1.0).due(3_000)
    assert {fault.kind for fault in faults} == set(KINDS)
    for fault in faults:
        for name in ("seconds", "count", "value"):
            amount, given_ = getattr(fault.of, name), getattr(fault, name)
            assert (amount is None) == (given_ is None)
            assert amount is None or amount.low <= given_ <= amount.high
        assert fault.status is None or fault.status in fault.of.status.options


def test_a_plan_gives_each_fault_once_in_the_order_of_its_times():
    first, second, third = Fault("drop", at=3.0), Fault("close", at=1.0, leg=0), Fault("waf", at=9.0)
    plan = Plan([first, second, third])
    assert plan.next_at() == 1.0
    assert plan.due(0.9) == []
    assert plan.due(3.0) == [second, first]
    assert plan.next_at() == 9.0
    assert drawn(plan, [3.0, 50.0, 60.0]) == [third]
    assert plan.next_at() is None


def test_a_fault_takes_its_kinds_defaults():
    assert Fault("lag", value=7.0).filled() == Fault("lag", seconds=3.0, value=7.0)
    assert Fault("drop").filled() == Fault("drop")


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_every_kind_says_what_it_is_and_names_amounts_that_it_may_be_given(kind):
    assert kind.about
    for name in AMOUNTS:
        if getattr(kind, name) is None:
            with pytest.raises(ConfigError, match=f"{kind.name} has no {name}"):
                Fault(kind.name, **{name: 1})
        else:
            assert getattr(Fault(kind.name, **{name: 1}), name) == 1


def test_faults_are_read_from_json_alone_or_as_a_list():
    text = b'[{"kind":"lag","at":3,"leg":1,"value":2.5},{"kind":"waf","path":"klines"}]'
    assert from_json(text) == [Fault("lag", at=3.0, leg=1, value=2.5), Fault("waf", path="klines")]
    for fault in (Fault("drop"), Fault("skip", leg=0, count=5, symbol="BTCDEMO")):
        assert from_json(json.dumps(fault.said()).encode()) == [fault]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"{", "expected JSON"),
        (b"7", "expected objects with at"),
        (b'{"kind":"drop","when":3}', "expected objects with at"),
        (b'{"kind":"meteor"}', "expected one of refuse"),
        (b'{"kind":"drop","count":3}', "drop has no count; it takes at, leg, symbol"),
        (b'{"kind":"lag","value":"long"}', "at `$.value`"),
        (b"{}", "missing required field `kind`"),
    ],
)
def test_what_is_no_fault_is_refused_in_one_line(text, says):
    with pytest.raises(ConfigError) as refused:
        from_json(text)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_command_line_names_seed_pace_and_kinds_in_any_order():
    faults = parse("kinds=drop|archive,every=0.5s,seed=9")
    archive = [name for name, kind in KINDS.items() if kind.room == "archive"]
    assert faults.due(60) == RandomFaults(9, ["drop", *archive], 0.5).due(60)
    assert parse("seed=4").due(60) == RandomFaults(4).due(60)


def test_on_demand_nothing_begins_by_itself():
    schedule = parse(ON_DEMAND)
    assert schedule.next_at() is None
    assert schedule.due(1e9) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "expected 'seed=7,every=5s,kinds=drop|silence' or 'on-demand', got ''"),
        ("seed", "got 'seed'"),
        ("speed=7", "got 'speed=7'"),
        ("seed=seven", "expected a whole number for a seed, got 'seven'"),
        ("every=5", "expected a duration"),
        ("every=0s", "expected more than 0 s"),
        ("kinds=drop|meteor", "got 'meteor'"),
    ],
)
def test_a_command_line_that_cannot_be_read_is_refused_in_one_line(text, says):
    with pytest.raises(ConfigError) as refused:
        parse(text)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)
