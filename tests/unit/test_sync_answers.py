"""Answers to prompted variables: read and written in both forms, translated each by its variable, merged each by
itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.rules import OnMissing, ScopeOption
from tests.merging import merged, reasons
from worker.kinds.answers import closed, names_by_id, opened
from worker.kinds.references import PendingId, PendingText, Ref
from worker.kinds.triggers import ACTION, TRIGGER
from worker.sync.translating.translate import Translated, translate
from worker.sync.world.baseline import Baseline, wrote_after
from worker.sync.world.fields import MISSING
from worker.sync.world.resolved import Resolved

HERE = "aaaaaaaa-7a51-4c0e-9f0e-0d6f6a3b9c11"
THERE = "bbbbbbbb-7a51-4c0e-9f0e-0d6f6a3b9c11"
SECRET = "cccccccc-7a51-4c0e-9f0e-0d6f6a3b9c11"
UNKNOWN = "dddddddd-7a51-4c0e-9f0e-0d6f6a3b9c11"
ACCOUNT = "eeeeeeee-7a51-4c0e-9f0e-0d6f6a3b9c11"
MASKED = {"HasValue": True, "NewValue": None}
NEW = PendingId.of("variableset-Projects-1", HERE)
DEPLOY = "DeployNewRelease"


def resolve_by(**ids: str) -> Any:
    known = {HERE: Resolved((THERE,), "Region"), SECRET: Resolved(name="Password", linked=SECRET.upper())}
    known |= {ACCOUNT: Resolved((ACCOUNT,), "Who", means=Ref("account", loose=True))}
    known |= {key: Resolved((there,), key) for key, there in ids.items()}
    known["Accounts-1"] = Resolved(("Accounts-91",), "Deployer")

    def resolve(kind: str, key: str, *, create: bool = True) -> Resolved:
        if key in known:
            return known[key]
        return Resolved(name=key, why="it is not here") if names_by_id(key) else Resolved((key,), key)

    return resolve


def translated(action: Mapping[str, Any], resolve: Any = None) -> Translated:
    return translate(
        TRIGGER,
        ("project", "OctoFX", "trigger", "Nightly"),
        {"Name": "Nightly", "Action": dict(action)},
        resolve or resolve_by(),
        scope_option=lambda _, __: ScopeOption.SKIP_UNLESS_PARTIAL,
        on_missing=OnMissing.BLOCK,
    )


def action_of(out: Translated) -> dict[str, Any]:
    assert out.document is not None
    action: dict[str, Any] = out.document["Action"]
    return action


keys = st.one_of(st.text(), st.sampled_from([HERE, THERE]))
values = st.one_of(st.text(), st.booleans(), st.integers(), st.none())


@given(st.dictionaries(keys, values))
def test_what_is_closed_can_be_opened_in_both_forms(answers: dict[str, Any]) -> None:
    assert opened(closed(answers, {})) == answers
    assert opened(closed(answers, "{}")) == answers


@pytest.mark.parametrize("value", ["#{Answers}", "[1]", "{", '"a"', ["a"], 3])
def test_what_holds_no_answers_is_not_taken_for_some(value: Any) -> None:
    assert opened(value) is None


def test_a_stand_in_survives_in_text() -> None:
    text = closed({NEW: "Europe", "a": 1}, "")

    assert isinstance(text, PendingText)
    assert list(text.stand_ins) == [NEW]
    assert [type(key) for key in opened(text) or {}] == [PendingId, str]
    assert [type(key) for key in opened({NEW: "Europe", "a": 1}) or {}] == [PendingId, str]
    bound = text.bound(lambda part: THERE if part == NEW else part)
    assert json.loads(bound) == {THERE: "Europe", "a": 1}


def test_each_answer_goes_with_its_variable() -> None:
    given_ = {HERE: "Europe", ACCOUNT: "Accounts-1", "ByName": "x", UNKNOWN: "y", SECRET: "hunter2"}

    for form in (given_, json.dumps(given_)):
        name = "FormValues" if isinstance(form, dict) else "Variables"
        out = translated({name: form})

        found = action_of(out)[name]
        assert isinstance(found, type(form))
        assert opened(found) == {THERE: "Europe", ACCOUNT: "Accounts-91", "ByName": "x"}
        told = {(one.where, one.reason) for one in out.clean_ups}
        assert told == {
            (f"Action/{name}/{UNKNOWN}", "reference-dropped"),
            (f"Action/{name}/{SECRET}", "choose-here"),
        }
        assert out.leave == {f"Action/{name}/{SECRET.upper()}"}
        assert out.skipped == {f"Action/{name}"}
        assert "hunter2" not in repr([out.decisions, out.clean_ups])


def test_text_in_which_nothing_is_translated_stays_byte_by_byte() -> None:
    text = '{ "Region":"Eur\\u006fpe",\n\t"Size": 5 }'

    assert action_of(translated({"Variables": text}))["Variables"] == text
    assert action_of(translated({"Variables": "#{Answers}"}))["Variables"] == "#{Answers}"


def test_a_masked_answer_is_never_copied_whatever_it_is_known_by() -> None:
    out = translated({"FormValues": {HERE: MASKED, "ByName": MASKED}})

    assert action_of(out)["FormValues"] == {}
    assert out.leave == {f"Action/FormValues/{THERE}", "Action/FormValues/ByName"}


def test_of_two_answers_to_one_variable_the_first_counts() -> None:
    out = translated({"FormValues": {HERE: "1", "b": "2"}}, resolve_by(b=THERE))

    assert action_of(out)["FormValues"] == {THERE: "1"}
    assert [one.rule for one in out.decisions] == ["many-to-one"]


# ── merge ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def action(answers: Any, **more: Any) -> dict[str, Any]:
    return {"Name": "Nightly", "Action": {"ActionType": DEPLOY, "Variables": answers, **more}}


def merge(want: Any, there: Any, before: Any = MISSING, wrote: Any = MISSING) -> Any:
    baseline = (
        Baseline(action(before), action(before if wrote is MISSING else wrote)) if before is not MISSING else None
    )
    return merged(action(want), action(there), baseline, TRIGGER)


def answers(found: Any) -> Any:
    return opened(found.document["Action"]["Variables"])


def test_text_is_merged_answer_by_answer_and_is_text_again() -> None:
    found = merge('{"a": "2", "b": "1"}', '{"own": "x",  "a": "1"}', '{"a": "1"}')

    assert found.document["Action"]["Variables"] == '{"own": "x", "a": "2", "b": "1"}'
    assert sorted((change.where, change.before, change.after) for change in found.changes) == [
        ("Action/Variables/a", "1", "2"),
        ("Action/Variables/b", None, "1"),
    ]


def test_text_that_says_the_same_in_other_bytes_stays() -> None:
    found = merge('{"b":"2","a":"1"}', '{"a": "1", "b": "2"}', None)

    assert found.document["Action"]["Variables"] == '{"a": "1", "b": "2"}'
    assert not found.changes


def test_in_a_conflict_the_destination_s_answer_stays_and_which_it_is_is_not_told() -> None:
    found = merge('{"a": "2"}', '{"a": "mine"}', '{"a": "1"}')

    assert answers(found) == {"a": "mine"}
    assert reasons(found) == [("Action/Variables/a", "conflict")]
    assert "mine" not in repr(found.clean_ups)


def test_what_the_source_drops_goes_only_if_it_is_as_we_wrote_it() -> None:
    found = merge(None, '{"a": "1", "b": "mine", "own": "x"}', '{"a": "1", "b": "1"}')

    assert answers(found) == {"b": "mine", "own": "x"}
    assert merge(None, '{"a": "1"}', '{"a": "1"}').document["Action"]["Variables"] is None


def test_at_first_contact_the_destination_s_answers_stay_and_others_come() -> None:
    assert answers(merge('{"a": "2", "b": "1"}', '{"a": "mine"}')) == {"a": "mine", "b": "1"}


def test_a_secret_of_the_destination_stays() -> None:
    there = json.dumps({"a": MASKED})

    for want in ('{"a": "2"}', None):
        assert answers(merge(want, there, '{"a": "1"}')) == {"a": MASKED}


def test_what_stands_in_text_that_is_no_json_is_taken_or_left_as_one() -> None:
    assert merge("#{B}", "#{A}", "#{A}").document["Action"]["Variables"] == "#{B}"
    assert merge("#{B}", '{"own": "x"}', "#{A}").document["Action"]["Variables"] == '{"own": "x"}'


def test_another_type_of_action_does_not_take_away_what_is_answered_here() -> None:
    want, before = action('{"a": "1"}'), action('{"a": "1"}')
    want["Action"]["ActionType"] = "DeployLatestReleaseToEnvironment"

    found = merged(want, action('{"a": "1", "own": "x"}'), Baseline(before, before), TRIGGER)

    assert found.document["Action"]["ActionType"] == "DeployLatestReleaseToEnvironment"
    assert answers(found) == {"a": "1", "own": "x"}


@pytest.mark.parametrize("form", ["", {}], ids=["text", "object"])
def test_of_the_answers_only_those_that_we_wrote_are_ours(form: Any) -> None:
    wrote = {"X": closed({"a": "1", "gone": "1"}, form)}
    there = {"X": closed({"a": "mine", "own": "x", "gone": "1"}, form)}
    answer = {"X": closed({"a": "mine", "own": "x", "b": "2"}, form)}
    name = "FormValues" if form == {} else "Variables"

    def of(document: dict[str, Any]) -> dict[str, Any]:
        return {name: document["X"]}

    found = wrote_after(ACTION, of(wrote), of(there), of(answer))

    assert opened(found[name]) == {"a": "1", "b": "2"}
