"""Layouts and templates: each user's own, whatever the name holds, and bounded."""

from pathlib import Path

import pytest

from candlewick.dashboard.keeping.layouts import MOST, Layouts
from candlewick.errors import CandlewickError


@pytest.fixture
def layouts(tmp_path: Path) -> Layouts:
    return Layouts(tmp_path / "layouts")


def test_what_is_kept_is_there_for_its_user_and_for_nobody_else(layouts: Layouts, tmp_path: Path) -> None:
    layouts.put("ann", "layout", "day", {"choices": [{"symbol": "BTCUSDT"}]})
    layouts.put("ann", "template", "day", {"indicators": "ema"})
    layouts.put("../../bob\n", "layout", "day", {"choices": []})
    again = Layouts(tmp_path / "layouts")
    assert again.of("ann").layout == {"day": {"choices": [{"symbol": "BTCUSDT"}]}}
    assert again.of("ann").template == {"day": {"indicators": "ema"}}
    assert again.of("../../bob\n").layout == {"day": {"choices": []}}
    assert again.of("carl").layout == {}
    names = [path.name for path in tmp_path.rglob("*") if path.is_file()]
    assert len(names) == 2
    assert {len(name) for name in names} == {len("0" * 32 + ".json")}
    assert {path.parent for path in tmp_path.rglob("*.json")} == {tmp_path / "layouts"}


def test_a_name_is_replaced_and_removed(layouts: Layouts) -> None:
    layouts.put("ann", "layout", "day", {"a": 1})
    layouts.put("ann", "layout", "day", {"a": 2})
    assert layouts.of("ann").layout == {"day": {"a": 2}}
    layouts.remove("ann", "layout", "day")
    layouts.remove("ann", "layout", "day")
    assert layouts.of("ann").layout == {}


@pytest.mark.parametrize("name", ["", "  ", "x" * 61])
def test_a_name_has_a_length(layouts: Layouts, name: str) -> None:
    with pytest.raises(CandlewickError, match="name: expected 1 to 60 characters"):
        layouts.put("ann", "layout", name, {})


def test_a_user_keeps_so_many_and_no_more(layouts: Layouts) -> None:
    for number in range(MOST):
        layouts.put("ann", "layout", f"{number}", {})
    with pytest.raises(CandlewickError, match=f"at most {MOST}"):
        layouts.put("ann", "layout", "one more", {})
    layouts.put("ann", "layout", "0", {"again": True})
    assert len(layouts.of("ann").layout) == MOST


def test_a_file_that_is_damaged_is_told_in_one_line_and_not_replaced(layouts: Layouts, tmp_path: Path) -> None:
    layouts.put("ann", "layout", "day", {})
    [path] = (tmp_path / "layouts").iterdir()
    path.write_bytes(b"{half")
    with pytest.raises(CandlewickError, match="expected layouts, got"):
        layouts.put("ann", "layout", "more", {})
    assert path.read_bytes() == b"{half"
