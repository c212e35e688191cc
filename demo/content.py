"""The space that the demo begins with: OctoFX, the guide's project, among fourteen real ones."""

from __future__ import annotations

from demo import library
from demo.imported import FEEDS, PROJECTS, STEP_TEMPLATES
from demo.model import DemoProject, DemoRunbook, DemoSpace, DemoVariableSet
from demo.octofx import OCTOFX

__all__ = ["DemoProject", "DemoRunbook", "DemoSpace", "DemoVariableSet", "space"]


def space() -> DemoSpace:
    """The whole content, by name, in an order in which each kind refers only to the kinds before it."""
    return DemoSpace(
        environments=library.ENVIRONMENTS,
        lifecycles=library.LIFECYCLES,
        project_groups=library.PROJECT_GROUPS,
        feeds=[*library.FEEDS, *FEEDS],
        accounts=library.ACCOUNTS,
        worker_pools=library.WORKER_POOLS,
        teams=library.TEAMS,
        step_templates=STEP_TEMPLATES,
        library_sets=library.LIBRARY_SETS,
        projects=[OCTOFX, *PROJECTS],
    )
