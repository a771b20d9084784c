"""The line that changes: rewritten in place where somebody watches, a new line for a new reason where nobody does."""

import io

from rich.console import Console

from candlewick.supervisor.terminal import Terminal

PROBLEM = "api.binance.com cannot be reached (no name resolution)"


def terminal(*, is_watched: bool) -> tuple[Terminal, io.StringIO]:
    out = io.StringIO()
    return Terminal(Console(file=out, force_terminal=is_watched, width=100, color_system=None)), out


def test_the_line_changes_in_place_and_goes_when_another_is_said():
    watched, out = terminal(is_watched=True)
    for seconds in (8, 8, 7):
        watched.show(PROBLEM, f"; trying again in {seconds} s")
    watched.say("Recording live.")
    watched.show(None)
    text = out.getvalue()
    assert text.count("\n") == 1 and text.count("in 8 s") == 1
    assert text.split("\r\x1b[K")[0] == f"waiting {PROBLEM}; trying again in 8 s"
    assert text.split("\r\x1b[K")[2].endswith("Recording live.\n")


def test_a_line_too_long_for_the_screen_is_cut_so_that_it_can_be_taken_away():
    watched, out = terminal(is_watched=True)
    watched.show("x" * 300)
    assert len(out.getvalue()) < 100


def test_where_nobody_watches_a_reason_is_a_line_once():
    log, out = terminal(is_watched=False)
    for seconds in (8, 7, 6):
        log.show(PROBLEM, f"; trying again in {seconds} s")
    log.show(None)
    log.show("another [reason]")
    lines = out.getvalue().splitlines()
    assert len(lines) == 2 and lines[0].endswith(f"waiting {PROBLEM}; trying again in 8 s")
    assert lines[1].endswith("another [reason]")
