"""What people typed on a server is shown, never obeyed; secrets are not shown at all."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.plan.text import BLOCK_LINES, ONE_LINE, block, masked, short, visible
from worker.plan.values import MASK, Change, Edit

SECRET = "s3cr3t-Value"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("OctoFX", "OctoFX"),
        ("Über-Projekt, [QA] / 100%", "Über-Projekt, [QA] / 100%"),
        ("👩‍🚀 Rocket :smile:", "👩‍🚀 Rocket :smile:"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("two\nlines\t", "two\\nlines\\t"),
        ("invoice\u202egnp.exe", "invoice\\u202egnp.exe"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("C1\x9b31m", "C1\\x9b31m"),
        ("half \ud83d pair", "half \\ud83d pair"),
        ("line\u2028separator", "line\\u2028separator"),
    ],
)
def test_names_are_readable_and_harmless(name: str, expected: str) -> None:
    assert visible(name) == expected


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_no_text_reaches_a_terminal_that_could_act_on_it(text: str) -> None:
    shown = visible(text)
    assert not [char for char in shown if unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"}]
    shown.encode("utf-8")


@pytest.mark.parametrize(
    "document",
    [
        {"HasValue": True, "NewValue": SECRET},
        {"HasValue": False, "NewValue": SECRET},
        {"Properties": {"Password": {"HasValue": True, "NewValue": SECRET, "Hint": None}}},
        {"Variables": [{"Name": "Password", "Type": "Sensitive", "Value": SECRET}]},
        {"Name": "Password", "IsSensitive": True, "Value": SECRET},
        f"$header = 'API-{SECRET.replace('-', '').upper()}'",
        [[{"deep": ({"HasValue": True, "NewValue": SECRET},)}]],
    ],
)
def test_secrets_are_masked_wherever_they_stand(document: object) -> None:
    shown = json.dumps(masked(document), ensure_ascii=False)
    assert SECRET not in shown
    assert MASK in shown


def test_what_is_no_secret_is_not_masked() -> None:
    document = {"Name": "Url", "Type": "String", "Value": "https://example.com", "IsSensitive": False}
    assert masked(document) == document
    assert masked({"HasValue": False, "NewValue": None}) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Production", '"Production"'),
        ("true", '"true"'),
        (True, "true"),
        (None, "null"),
        ("", '""'),
        (["Test", "Production"], '["Test", "Production"]'),
        (MASK, MASK),
        ({"HasValue": True, "NewValue": None}, MASK),
        ("x\x9by", '"x\\x9by"'),
        ("x" * ONE_LINE, None),
        ("echo 1\necho 2", None),
    ],
)
def test_short_values_stand_on_one_line(value: object, expected: str | None) -> None:
    assert short(value) == expected


def test_scripts_are_shown_as_a_unified_diff() -> None:
    before = "\n".join(f"line {n}" for n in range(9))
    assert block(Change(Edit.CHANGE, "Script", before, before.replace("line 4", "line four"))) == [
        "@@ -3,5 +3,5 @@",
        " line 2",
        " line 3",
        "-line 4",
        "+line four",
        " line 5",
        " line 6",
    ]


def test_new_and_dropped_texts_have_no_hunk_headers() -> None:
    assert block(Change(Edit.ADD, "Script", None, "a\nb")) == ["+a", "+b"]
    assert block(Change(Edit.REMOVE, "Script", "a\nb", None)) == ["-a", "-b"]


def test_something_new_is_an_outline_of_what_it_says_with_scripts_as_they_were_written() -> None:
    step = {
        "Name": "Warm up",
        "Notes": None,
        "TenantTags": [],
        "IsDisabled": False,
        "Actions": [
            {
                "Properties": {"Octopus.Action.Script.ScriptBody": "curl x\n\n  echo 'done'"},
                "Environments": ["Test", "QA"],
            },
            {"Name": "", "Packages": {}},
        ],
    }
    assert block(Change(Edit.ADD, "Steps[Warm up]", None, step)) == [
        '+Name: "Warm up"',
        "+IsDisabled: false",
        "+Actions:",
        "+  - Properties:",
        "+      Octopus.Action.Script.ScriptBody: |",
        "+        curl x",
        "+        ",
        "+          echo 'done'",
        "+    Environments:",
        '+      - "Test"',
        '+      - "QA"',
        "+  - {}",
    ]


def test_of_a_change_also_what_became_empty_is_shown() -> None:
    was, now = {"Condition": "x" * ONE_LINE, "Notes": None}, {"Condition": "x" * ONE_LINE, "Notes": ""}
    changed = [line for line in block(Change(Edit.CHANGE, "Settings", was, now)) if line[0] in "+-"]
    assert changed == ["-Notes: null", '+Notes: ""']


def test_json_in_a_string_is_compared_by_line() -> None:
    def packages(version: str) -> str:
        return json.dumps([{"Id": f"package-{n}", "Version": version if n == 3 else "1"} for n in range(9)])

    assert [
        line for line in block(Change(Edit.CHANGE, "Packages", packages("1"), packages("2"))) if line[0] in "+-"
    ] == [
        '-  Version: "1"',
        '+  Version: "2"',
    ]


def test_secrets_in_a_block_are_masked_also_in_json_that_is_a_string() -> None:
    document = {"Password": {"HasValue": True, "NewValue": SECRET}, "Padding": "x" * ONE_LINE}
    for value in (document, json.dumps(document)):
        assert SECRET not in "\n".join(block(Change(Edit.ADD, "Template", None, value)))


def test_line_ends_show_only_where_nothing_else_differs() -> None:
    assert block(Change(Edit.CHANGE, "Script", "a\r\nb", "a\nc")) == ["@@ -1,2 +1,2 @@", " a", "-b", "+c"]
    assert block(Change(Edit.CHANGE, "Script", "a\r\nb", "a\nb")) == ["@@ -1,2 +1,2 @@", "-a\\r", "+a", " b"]


def test_tabs_of_a_script_stay() -> None:
    assert block(Change(Edit.ADD, "Script", None, "if x\n\techo")) == ["+if x", "+\techo"]


def test_blocks_are_bounded_and_say_so() -> None:
    lines = block(Change(Edit.ADD, "Script", None, "\n".join(map(str, range(BLOCK_LINES + 5)))))
    assert len(lines) == BLOCK_LINES + 1
    assert lines[-1] == "@@ 5 more lines @@"
    assert "(5000 characters)" in block(Change(Edit.ADD, "Text", None, "x" * 5000))[0]


def test_huge_texts_are_not_compared_by_line() -> None:
    huge = "x\n" * 20_000
    assert block(Change(Edit.CHANGE, "Script", huge, huge + "y")) == ["@@ 20001 lines before, 20001 lines after @@"]
