"""Edits on a space that people make through the API, as plain values, so that hypothesis can draw and shrink them.

An edit means whatever of its kind the space holds at that moment (``pick``, modulo how many there are). One that the
server refuses, such as a name that is taken, or for which there is nothing to edit, changes nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress

from hypothesis import strategies as st

from tests.property.editing import Edit, NothingThere
from tests.property.item_edits import ItemHand
from tests.property.library_edits import LibraryHand
from tests.property.names import name
from tests.property.project_edits import ProjectHand
from tests.property.row_edits import RowHand
from tests.property.step_edits import StepHand
from tests.property.tenant_edits import TenantHand


class Editor(ItemHand, ProjectHand, StepHand, TenantHand, RowHand, LibraryHand):
    """Makes edits on one server."""

    async def make(self, edits: list[Edit]) -> None:
        for edit in edits:
            with suppress(NothingThere):
                await EDITS[edit.what](self, edit)


EDITS: dict[str, Callable[[Editor, Edit], Awaitable[None]]] = {
    "rename": Editor.rename,
    "exchange": Editor.exchange,
    "hand down": Editor.hand_down,
    "describe": Editor.describe,
    "add environment": Editor.add_environment,
    "phases": Editor.phases,
    "drop phase": Editor.drop_phase,
    "role": Editor.role,
    "project": Editor.project,
    "sets": Editor.sets,
    "templates": Editor.templates,
    "drop template": Editor.drop_template,
    "settings": Editor.settings,
    "delete project": Editor.delete_project,
    "delete set": Editor.delete_set,
    "add channel": Editor.add_channel,
    "delete channel": Editor.delete_channel,
    "rules": Editor.rules,
    "branches": Editor.branches,
    "add runbook": Editor.add_runbook,
    "delete runbook": Editor.delete_runbook,
    "add trigger": Editor.add_trigger,
    "edit trigger": Editor.edit_trigger,
    "delete trigger": Editor.delete_trigger,
    "logo": Editor.logo,
    "add tenant": Editor.add_tenant,
    "delete tenant": Editor.delete_tenant,
    "link": Editor.link,
    "say": Editor.say,
    "unsay": Editor.unsay,
    "add step": Editor.add_step,
    "drop step": Editor.drop_step,
    "move step": Editor.move_step,
    "rename step": Editor.rename_step,
    "exchange steps": Editor.exchange_steps,
    "edit step": Editor.edit_step,
    "rescope step": Editor.rescope_step,
    "step channel": Editor.step_channel,
    "step secret": Editor.step_secret,
    "add tag": Editor.add_tag,
    "change tag": Editor.change_tag,
    "drop tag": Editor.drop_tag,
    "tag something": Editor.tag_something,
    "module": Editor.module,
    "next version": Editor.next_version,
    "parameters": Editor.parameters,
    "bring up to date": Editor.bring_up_to_date,
    "policy": Editor.policy,
    "add row": Editor.add_row,
    "drop row": Editor.drop_row,
    "value": Editor.value,
    "rename row": Editor.rename_row,
    "rescope row": Editor.rescope_row,
    "conceal row": Editor.conceal_row,
}

ADDITIONS = ("add step", "add channel", "add runbook", "add row", "add tag", "templates", "add trigger")


def edits(*without: str, least: int = 0, most: int = 4) -> st.SearchStrategy[list[Edit]]:
    kinds = [what for what in EDITS if what not in without]
    return st.lists(
        st.builds(Edit, st.sampled_from(kinds), st.integers(0, 5), st.integers(0, 11), name),
        min_size=least,
        max_size=most,
    )


def additions(least: int = 1, most: int = 3) -> st.SearchStrategy[list[Edit]]:
    """Edits that add something."""
    return st.lists(
        st.builds(Edit, st.sampled_from(ADDITIONS), st.integers(0, 5), st.sampled_from([0, 1, 3, 7]), name),
        min_size=least,
        max_size=most,
    )
