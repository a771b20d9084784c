"""The build hook: bundles the chart's front end with esbuild into `dashboard/assets`."""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class FrontendBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Nothing to build yet."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before each build, editable installs included."""
