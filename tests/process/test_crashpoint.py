import signal
import subprocess
import sys

import pytest

from candlewick.process.crashpoint import VARIABLE, arm, is_armed

PASSES = """
from candlewick.process.crashpoint import crashpoint
for number in range(3):
    crashpoint("another step")
    crashpoint("after put")
    print(number, flush=True)
"""


def passes(environment: dict[str, str]) -> tuple[int, str]:
    ended = subprocess.run([sys.executable, "-c", PASSES], env=environment, capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout


@pytest.mark.parametrize(
    ("wanted", "code", "printed"),
    [
        (None, 0, "0\n1\n2\n"),
        ("", 0, "0\n1\n2\n"),
        ("no such step", 0, "0\n1\n2\n"),
        ("after put", -signal.SIGKILL, ""),
        ("after put:3", -signal.SIGKILL, "0\n1\n"),
        ("after put:4", 0, "0\n1\n2\n"),
    ],
)
def test_a_process_dies_at_the_pass_that_was_asked_for_and_at_no_other(wanted, code, printed):
    assert passes({} if wanted is None else {VARIABLE: wanted}) == (code, printed)


def test_a_number_of_passes_that_is_none_is_refused_and_arms_nothing():
    with pytest.raises(ValueError, match="many"):
        arm("after put:many")
    assert not is_armed()
