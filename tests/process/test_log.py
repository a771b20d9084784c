"""Logs: a level that does not exist is one line, not a traceback."""

import pytest

from candlewick.errors import ConfigError
from candlewick.process import log


def test_a_level_that_does_not_exist_is_refused_in_one_line(monkeypatch):
    monkeypatch.setenv("CANDLEWICK_LOG_LEVEL", "verbose")
    with pytest.raises(ConfigError, match=r"^CANDLEWICK_LOG_LEVEL: expected one of debug, .*, got 'verbose'$"):
        log.configure("recorder")
