from candlewick.binance.hosts import LONGEST_PAUSE, Hosts


def test_one_that_failed_becomes_the_last_choice():
    hosts = Hosts(["a", "b", "c"])
    for failing in "ab":
        assert hosts.first == failing
        hosts.failed(failing)
    assert hosts.first == "c"
    hosts.failed("a")
    assert hosts.first == "c", "it failed again, and was not the first any more"
    assert hosts.failures == 3


def test_nobody_waits_while_another_host_is_left_and_then_longer_and_longer():
    hosts = Hosts(["a", "b"])
    pauses = [hosts.failed(hosts.first) for _ in range(12)]
    assert pauses[:4] == [0.0, 0.1, 0.2, 0.4]
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE
    hosts.answered("a")
    assert hosts.failed("a") == 0.0


def test_a_place_is_blocked_when_every_host_says_so():
    hosts = Hosts(["a", "b"])
    hosts.blocked("a")
    assert not hosts.are_all_blocked
    hosts.blocked("b")
    assert hosts.are_all_blocked
    hosts.answered("a")
    assert not hosts.are_all_blocked
