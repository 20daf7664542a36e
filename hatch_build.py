"""Build hook: puts the cases and what they need beside the code, so that an installed keybound runs anywhere."""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_TREE = ("suites", "attacks", "fixtures")


class TreeHook(BuildHookInterface[Any]):
    """Adds the folders of the checkout to the wheel as `keybound/_tree/`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Include the folders; an editable install reads them where they are, so `keybound.tree` finds no copy."""
        if version != "editable":
            build_data["force_include"] |= {folder: f"keybound/_tree/{folder}" for folder in _TREE}
