"""One plan, printed in every form: the diff reads well, the JSON keeps its form, the Markdown mentions nobody."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from worker.plan import json as plan_json
from worker.plan import markdown
from worker.plan.console import print_plan
from worker.plan.values import MASK, Action, BothSides, Change, CleanUp, Decision, Edit, Finding, Op, Plan

SECRET = "API-SHOULDNEVERBESEEN"
PROJECT = ("project", "OctoFX")
VARIABLES = (*PROJECT, "variables")

PLAN = Plan(
    "test-to-production",
    (
        Action(
            Op.CREATE, "channel", (*PROJECT, "channel", "QA"), "Channels-2", None, body={"Name": "QA", "Key": SECRET}
        ),
        Action(
            Op.UPDATE,
            "process",
            (*PROJECT, "process"),
            "deploymentprocess-Projects-1",
            "deploymentprocess-Projects-9",
            changes=(
                Change(Edit.CHANGE, "Steps[Deploy web]/Properties[Retries]", "3", "5"),
                Change(Edit.CHANGE, "Steps[Deploy web]/Properties[ScriptBody]", "echo 1\necho 2", "echo 1\necho 3"),
                Change(Edit.REMOVE, "Steps[Old]", {"Name": "Old"}),
                Change(Edit.ADD, "Steps[Deploy web]/Properties[Key]", None, {"HasValue": True, "NewValue": SECRET}),
            ),
            destroys=("3 values of tenant Acme",),
            body={"Steps": [], "Password": SECRET},
        ),
        Action(
            Op.UPDATE,
            "variables",
            VARIABLES,
            "variableset-Projects-1",
            "variableset-Projects-9",
            decisions=(Decision("value=keep", "Variables[Url]", "the destination's value stays"),),
            clean_ups=(CleanUp(VARIABLES, "Variables[Password]", "placeholder-secret", "fill in the secret"),),
        ),
        Action(Op.LEAVE, "lifecycle", ("lifecycle", "Default"), "Lifecycles-1", "Lifecycles-1"),
        Action(Op.SKIP, "runbook", (*PROJECT, "runbook", "Restart"), "Runbooks-1", None),
        Action(Op.BLOCK, "project", ("project", "Web"), "Projects-2", None, waits_for=(("environment", "Production"),)),
    ),
)

PRINTED = f"""\
+ create project/OctoFX/channel/QA
~ update project/OctoFX/process
    ~ Steps[Deploy web]/Properties[Retries]: "3" -> "5"
    ~ Steps[Deploy web]/Properties[ScriptBody]:
        @@ -1,2 +1,2 @@
         echo 1
        -echo 2
        +echo 3
    - Steps[Old]: {{"Name": "Old"}}
    + Steps[Deploy web]/Properties[Key]: {MASK}
  - also deletes: 3 values of tenant Acme
~ update project/OctoFX/variables
  # value=keep: Variables[Url]: the destination's value stays
  * by hand: Variables[Password]: fill in the secret
. skip project/OctoFX/runbook/Restart
! block project/Web
  * waits for: environment/Production
1 to create, 2 to update, 0 to delete, 1 unchanged, 1 skipped, 1 blocked
1 to finish by hand on the destination
"""


def printed(plan: Plan, *, everything: bool = False, colour: bool = False) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=40, force_terminal=colour, color_system="truecolor" if colour else None)
    print_plan(plan, console, everything=everything)
    return stream.getvalue()


def plan_named(name: str) -> Plan:
    """A plan in which everything that people may type is ``name``."""
    entry = CleanUp(("project", name), name, "placeholder-secret", name)
    return Plan(
        name,
        (
            Action(
                Op.UPDATE,
                "project",
                ("project", name),
                "Projects-1",
                "Projects-2",
                changes=(
                    Change(Edit.CHANGE, name, name, {name: name}),
                    Change(Edit.ADD, name, None, f"{name}\n{name}"),
                ),
                decisions=(Decision(name, name, name),),
                clean_ups=(entry,),
                destroys=(name,),
                waits_for=(("environment", name),),
            ),
        ),
    )


def test_console_reads_like_a_diff() -> None:
    assert printed(PLAN) == PRINTED


def test_console_shows_unchanged_items_when_asked() -> None:
    assert "= leave lifecycle/Default" in printed(PLAN, everything=True)


def test_console_is_coloured_on_a_terminal_only() -> None:
    coloured = printed(PLAN, colour=True)
    assert "\x1b[1;32m+ create project/OctoFX/channel/QA\x1b[0m" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == PRINTED


def test_an_empty_plan_is_one_line() -> None:
    assert printed(Plan("r")) == "0 to create, 0 to update, 0 to delete, 0 unchanged\n"


def test_markup_in_names_is_taken_literally() -> None:
    assert "~ update project/[bold]x[/bold] :smile: [/]" in printed(plan_named("[bold]x[/bold] :smile: [/]"))


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_no_name_disturbs_a_terminal(name: str) -> None:
    text = printed(plan_named(name))
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    text.encode("utf-8")


def test_json_keeps_its_form() -> None:
    document: dict[str, Any] = json.loads(plan_json.render(PLAN))
    assert document["schema"] == 1
    assert {key: document[key] for key in ("route", "hash", "empty")} == {
        "route": "test-to-production",
        "hash": PLAN.hash,
        "empty": False,
    }
    assert document["counts"] == {"create": 1, "update": 2, "leave": 1, "skip": 1, "block": 1, "delete": 0}
    assert document["actions"][2] == {
        "op": "update",
        "kind": "variables",
        "path": ["project", "OctoFX", "variables"],
        "name": "project/OctoFX/variables",
        "source_id": "variableset-Projects-1",
        "destination_id": "variableset-Projects-9",
        "changes": [],
        "decisions": [{"rule": "value=keep", "where": "Variables[Url]", "text": "the destination's value stays"}],
        "clean_ups": [
            {
                "key": PLAN.clean_ups[0].key,
                "item": ["project", "OctoFX", "variables"],
                "where": "Variables[Password]",
                "reason": "placeholder-secret",
                "text": "fill in the secret",
                "about": PLAN.clean_ups[0].about,
            }
        ],
        "destroys": [],
        "waits_for": [],
        "drift": [],
    }
    assert document["actions"][1]["changes"][0] == {
        "edit": "change",
        "where": "Steps[Deploy web]/Properties[Retries]",
        "before": "3",
        "after": "5",
    }
    assert document["actions"][5]["waits_for"] == [["environment", "Production"]]


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_json_carries_every_name_as_it_is(name: str) -> None:
    text = plan_json.render(plan_named(name))
    assert text.isascii()
    assert json.loads(text)["actions"][0]["path"] == ["project", name]


def test_what_every_plan_would_say_of_an_item_that_stays_as_it_is_is_said_on_request() -> None:
    plan = Plan(
        "r",
        (
            Action(
                Op.LEAVE,
                "project",
                PROJECT,
                "Projects-1",
                "Projects-9",
                decisions=(
                    Decision("scope:environment=skip-unless-partial", "Variables[Url]", "scoped to 'Test'"),
                    Decision("value=keep", "Variables[Key]", "changed on the source"),
                ),
                clean_ups=(CleanUp(PROJECT, "Variables[Password]", "placeholder-secret", "fill it in"),),
            ),
        ),
    )
    why = "# scope:environment=skip-unless-partial: Variables[Url]: scoped to 'Test'"
    assert "# value=keep: Variables[Key]: changed on the source" in printed(plan)
    assert "* by hand: Variables[Password]: fill it in" in printed(plan)
    assert why not in printed(plan)
    assert why in printed(plan, everything=True)
    assert why not in markdown.render(plan)
    assert why.removeprefix("# ") in markdown.render(plan, everything=True)


EDITED = Plan(
    "r",
    (
        Action(
            Op.LEAVE,
            "project",
            PROJECT,
            "Projects-1",
            "Projects-9",
            decisions=(Decision("merge:destination-edit", "Description", "edited on the destination; stays"),),
            drift=(
                Change(Edit.CHANGE, "Description", "as we wrote it", "as it is"),
                Change(Edit.REMOVE, "Key", {"HasValue": True, "NewValue": SECRET}, None),
            ),
        ),
        Action(
            Op.UPDATE,
            "channel",
            (*PROJECT, "channel", "QA"),
            "Channels-1",
            "Channels-9",
            changes=(Change(Edit.CHANGE, "Name", "QA", "Q"),),
            decisions=(Decision("merge:destination-edit", "Description", "edited on the destination; stays"),),
            drift=(Change(Edit.CHANGE, "Description", "a\nb", "a\nc"),),
            body={"Name": "Q"},
        ),
    ),
)


def test_what_was_edited_on_the_destination_is_shown_apart_from_what_is_pending() -> None:
    assert printed(EDITED) == (
        "~ update project/OctoFX/channel/QA\n"
        '    ~ Name: "QA" -> "Q"\n'
        "edited on the destination: project/OctoFX\n"
        '    ~ Description: "as we wrote it" -> "as it is"\n'
        f"    - Key: {MASK}\n"
        "edited on the destination: project/OctoFX/channel/QA\n"
        "    ~ Description:\n"
        "        @@ -1,2 +1,2 @@\n"
        "         a\n"
        "        -b\n"
        "        +c\n"
        "0 to create, 1 to update, 0 to delete, 1 unchanged\n"
        "2 edited on the destination since they were written; that stays\n"
    )
    text = markdown.render(EDITED)
    assert text.index("**update**") < text.index("#### Edited on the destination") < text.index("`project/OctoFX`")
    assert '! Description: "as we wrote it" -> "as it is"' in text
    assert SECRET not in text

    document = json.loads(plan_json.render(EDITED))
    assert document["actions"][1]["changes"] == [{"edit": "change", "where": "Name", "before": "QA", "after": "Q"}]
    assert [change["where"] for change in document["actions"][0]["drift"]] == ["Description", "Key"]
    assert SECRET not in json.dumps(document)
    assert printed(plan_json.from_dict(document)) == printed(EDITED)


LONG = "\n".join(f"line {number}" for number in range(30))
CONFLICT = BothSides("was here", "is here", "was there", "is there")
CONFLICTS = Plan(
    "r",
    (
        Action(
            Op.UPDATE,
            "project",
            PROJECT,
            "Projects-1",
            "Projects-9",
            changes=(Change(Edit.CHANGE, "Description", "is there", "is here"),),
            decisions=(Decision("merge:conflict", "Description", "changed on both sides", CONFLICT),),
            clean_ups=(
                CleanUp(PROJECT, "Description", "conflict", "changed on both; the source's was taken", both=CONFLICT),
                CleanUp(PROJECT, "Script", "conflict", "long", both=BothSides(LONG, LONG + "\nnew", "a", "b")),
                CleanUp(PROJECT, "Value", "value-conflict", "kept", both=BothSides(hidden=True)),
                CleanUp(PROJECT, "Key", "conflict", "key", both=BothSides({"HasValue": True, "NewValue": SECRET})),
            ),
            body={"Name": "Q"},
        ),
    ),
)


def test_a_conflict_shows_both_sides_once() -> None:
    assert printed(CONFLICTS) == (
        "~ update project/OctoFX\n"
        '    ~ Description: "is there" -> "is here"\n'
        "  # merge:conflict: Description: changed on both sides\n"
        "  * by hand: Description: changed on both; the source's was taken\n"
        '      source: "was here" -> "is here"\n'
        '      destination: "was there" -> "is there"\n'
        "  * by hand: Script: long\n"
        "      source:\n"
        "        @@ -29,2 +29,3 @@\n"
        "         line 28\n"
        "         line 29\n"
        "        +new\n"
        '      destination: "a" -> "b"\n'
        "  * by hand: Value: kept\n"
        "      changed on both sides (not shown: values are the destination's own)\n"
        "  * by hand: Key: key\n"
        f"      source: {MASK} -> null\n"
        "      destination: null -> null\n"
        "0 to create, 1 to update, 0 to delete, 0 unchanged\n"
        "4 to finish by hand on the destination\n"
    )
    text = markdown.render(CONFLICTS)
    assert 'source: "was here" -> "is here"' in text
    assert SECRET not in text

    document = json.loads(plan_json.render(CONFLICTS))
    assert document["actions"][0]["clean_ups"][0]["both"] == {
        "source": {"was": "was here", "is": "is here"},
        "destination": {"was": "was there", "is": "is there"},
        "hidden": False,
    }
    assert document["actions"][0]["decisions"][0]["both"] == document["actions"][0]["clean_ups"][0]["both"]
    assert SECRET not in json.dumps(document)
    assert printed(plan_json.from_dict(document)) == printed(CONFLICTS)


def test_nothing_is_said_twice() -> None:
    text = "Variables[Password]: fill in the secret"
    entry = CleanUp(VARIABLES, "Variables[Password]", "placeholder-secret", text)
    decision = Decision("sensitive", "Variables[Password]", text)
    action = Action(Op.UPDATE, "variables", VARIABLES, None, None, decisions=(decision,), clean_ups=(entry,))
    assert printed(Plan("r", (action,))).count("fill in the secret") == 1
    assert printed(Plan("r", (action,))).count("Variables[Password]") == 1


def test_what_holds_of_the_whole_plan_stands_first_in_every_form() -> None:
    note = "Octopus 2026.1 → 2026.2: one release apart\x1b[31m"
    noted = replace(PLAN, notes=(note,))
    stream = io.StringIO()
    print_plan(noted, Console(file=stream, width=200))

    assert stream.getvalue().startswith("! Octopus 2026.1 → 2026.2: one release apart\\x1b[31m\n")
    assert "Note: `Octopus 2026.1 → 2026.2: one release apart\\x1b[31m`" in markdown.render(noted)
    assert plan_json.as_dict(noted)["notes"] == [note]
    assert plan_json.from_dict(plan_json.as_dict(noted)).notes == (note,)
    assert noted.hash == PLAN.hash


def test_what_the_check_found_stands_in_every_form_and_changes_no_approval() -> None:
    finding = Finding(("project", "Octo`FX`"), "Steps[Deploy\x1b]", "role-without-target", "no target has 'web'")
    with_it = replace(PLAN, findings=(finding,))
    line = "project/Octo`FX`: Steps[Deploy\\x1b]: no target has 'web' (role-without-target)"

    assert f"? {line}\n" in printed(with_it)
    assert printed(with_it).endswith("1 found that would not work on the destination\n")
    assert f"\n! {line}\n" in markdown.render(with_it)
    assert plan_json.from_dict(json.loads(plan_json.render(with_it))).findings == (finding,)
    assert with_it.hash == PLAN.hash
    many = replace(PLAN, findings=tuple(replace(finding, where=f"Steps[{n}]") for n in range(60)))
    assert "10 more" in markdown.render(many)


def test_a_plan_that_was_stored_can_be_shown_again() -> None:
    assert printed(plan_json.from_dict(json.loads(plan_json.render(PLAN)))) == PRINTED


@pytest.mark.parametrize("document", [{}, {"schema": 2}, {"schema": 1}, {"schema": 1, "route": "r", "actions": [{}]}])
def test_what_is_no_plan_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"not a plan|expected a plan of schema 1"):
        plan_json.from_dict(document)


def test_no_form_shows_a_body_or_a_secret() -> None:
    for text in (printed(PLAN, everything=True), plan_json.render(PLAN), markdown.render(PLAN, everything=True)):
        assert SECRET not in text


def test_markdown_is_a_list_of_diffs() -> None:
    text = markdown.render(PLAN)
    assert text.startswith("### Plan of route `test-to-production`\n\n1 to create, 2 to update,")
    assert PLAN.hash in text
    assert (
        "\n**update** `project/OctoFX/process`\n\n```diff\n"
        '! Steps[Deploy web]/Properties[Retries]: "3" -> "5"\n'
        "! Steps[Deploy web]/Properties[ScriptBody]:\n"
        "    @@ -1,2 +1,2 @@\n"
        "    echo 1\n"
        "-   echo 2\n"
        "+   echo 3\n"
    ) in text
    assert "**create** `project/OctoFX/channel/QA`\n\n**update**" in text, "an action without details has no diff"
    assert "Default" not in text, "what stays as it is has no place in a pull request"


def test_markdown_in_names_stays_in_its_fences() -> None:
    name = "``` @everyone <b>|#1 [x](http://y) *z* \n# title ~~~~ `````"
    text = markdown.render(plan_named(name))
    assert "``````diff" in text
    outside = re.sub(r"(?ms)^(`{3,})diff\n.*?^\1$", "", text)
    outside = re.sub(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)", "", outside)
    assert "@everyone" not in outside
    assert "http" not in outside
    assert "<b>" not in outside


@given(st.text(alphabet="` ax\n", max_size=12))
def test_code_spans_hold_any_text(text: str) -> None:
    span = markdown.code(text)
    opening = re.match("`+", span)
    assert opening is not None
    inside = span[len(opening[0]) : -len(opening[0])]
    assert opening[0] not in inside
    assert not inside.startswith("`")
    assert not inside.endswith("`")


def test_markdown_says_what_it_has_no_room_for() -> None:
    actions = tuple(
        Action(Op.CREATE, "project", ("project", f"Project {n}"), f"Projects-{n}", None, body={}) for n in range(1000)
    )
    text = markdown.render(Plan("r", actions), room=5000)
    assert len(text) < 5200
    shown = text.count("**create**")
    assert f"\n{1000 - shown} more in the plan" in text
