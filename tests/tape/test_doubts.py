from candlewick.tape.doubts import LONGEST_WAIT, Doubts


def test_a_page_that_is_not_there_yet_is_asked_for_again_after_growing_waits():
    doubts, now, waits = Doubts(), 0.0, []
    assert doubts.is_due(7, now)
    for _ in range(8):
        doubts.not_yet(7, now)
        asked = now
        while not doubts.is_due(7, now):
            now += 0.25
        waits.append(now - asked)
    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0, LONGEST_WAIT]


def test_a_page_that_came_is_forgotten():
    doubts = Doubts()
    doubts.not_yet(7, 0.0)
    doubts.clear(7)
    doubts.clear(8)
    assert doubts.is_due(7, 0.0)


def test_ids_are_declared_only_when_the_same_is_said_for_long_enough():
    doubts = Doubts(confirm_after=10.0)
    assert doubts.absent(7, 9, now=0.0) is None
    assert doubts.absent(7, 9, now=9.9) is None
    assert doubts.absent(7, 9, now=10.0) == (7, 9)
    assert doubts.is_due(7, 10.0)


def test_another_answer_starts_the_wait_anew():
    doubts = Doubts(confirm_after=10.0)
    doubts.absent(7, 9, now=0.0)
    assert doubts.absent(7, 8, now=11.0) is None
    assert doubts.absent(7, 8, now=21.0) == (7, 8)


def test_an_empty_page_between_starts_the_wait_anew():
    doubts = Doubts(confirm_after=10.0)
    doubts.absent(7, 9, now=0.0)
    doubts.not_yet(7, 5.0)
    assert doubts.absent(7, 9, now=11.0) is None


def test_memory_is_bounded():
    doubts = Doubts()
    for first in range(5_000):
        doubts.not_yet(first, 0.0)
    assert len(doubts._doubts) <= 1_000
