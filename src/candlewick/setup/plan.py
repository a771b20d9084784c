"""Pure: a plan and its outcome as text."""

from collections.abc import Mapping

from candlewick.setup.stack import Change, Plan

_SIGNS = {"add": "+", "change": "~", "remove": "-", "import": "<"}


def render(plan: Plan) -> str:
    """Return one line per resource and parameter that would change, and a sum."""
    lines = [_line(change, max(len(item.name) for item in plan.changes)) for change in plan.changes]
    lines += [f"    {key}: {old or '(empty)'} → {new or '(empty)'}" for key, (old, new) in plan.parameters.items()]
    counts = {action: sum(change.action == action for change in plan.changes) for action in ("add", "change", "remove")}
    lines.append(f"{counts['add']} to add, {counts['change']} to change, {counts['remove']} to remove")
    return "\n".join(lines)


def render_outputs(outputs: Mapping[str, str]) -> str:
    """Return the stack's outputs, one per line."""
    width = max(map(len, outputs), default=0)
    return "\n".join(f"  {key:<{width}}  {outputs[key]}" for key in sorted(outputs))


def _line(change: Change, width: int) -> str:
    fate = "  REPLACES it (the old one is kept, no longer managed)" if change.replaces else ""
    properties = f"  {', '.join(change.properties)}" if change.properties else ""
    return f"  {_SIGNS[change.action]} {change.name:<{width}}  {change.kind}{properties}{fate}"
