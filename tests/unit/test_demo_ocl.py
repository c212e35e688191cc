"""Reading Octopus' Config-as-Code files."""

from __future__ import annotations

import textwrap

import pytest

from demo.ocl import Block, OclError, parse


def test_attributes_of_every_type() -> None:
    body = parse(
        'name = "Deploy"\nis_disabled = true\nquantity = 100\nenvironments = ["test", "production"]\nnone = []'
    )
    assert body.attributes == {
        "name": "Deploy",
        "is_disabled": True,
        "quantity": 100,
        "environments": ["test", "production"],
        "none": [],
    }


def test_blocks_keep_labels_and_order() -> None:
    body = parse('step "b" { action { name = "x" } }\nstep "a" {}\nconnectivity_policy {\n}')
    assert [(block.name, block.labels) for block in body.blocks] == [
        ("step", ("b",)),
        ("step", ("a",)),
        ("connectivity_policy", ()),
    ]
    assert body.one("step").one("action").get("name") == "x"


def test_property_names_hold_dots_and_values_escapes() -> None:
    properties = parse(r'properties = { Octopus.Action.Package = "{\"Id\":\"C:\\temp\"}" Next = "a\tb" }').get(
        "properties"
    )
    assert properties == {"Octopus.Action.Package": '{"Id":"C:\\temp"}', "Next": "a\tb"}


def test_text_blocks_lose_the_indentation_their_lines_share() -> None:
    text = textwrap.dedent(
        """\
        body = <<-EOT
                if ($x) {
                    "EOT and } are text"

                }
            EOT
        after = "yes"
        """
    )
    assert parse(text).attributes == {"body": 'if ($x) {\n    "EOT and } are text"\n\n}', "after": "yes"}


def test_text_may_hold_text_blocks_of_another_language() -> None:
    text = "script = <<-EOT\n    cat <<EOF >> file\n    $(get x)\n    EOF\n    EOT\n"
    assert parse(text).get("script") == "cat <<EOF >> file\n$(get x)\nEOF"


def test_a_value_block_without_a_label() -> None:
    assert parse('variable "x" {\n value {\n prompt { label = "" } } }').one("variable").one("value").labels == ()


def test_windows_line_ends_and_a_byte_order_mark() -> None:
    assert parse("\ufeffa = <<-EOT\r\n  x\r\n  y\r\n  EOT\r\n").attributes == {"a": "x\ny"}


def test_what_is_not_there_reads_as_empty() -> None:
    assert parse("") == Block()
    assert parse("").one("process").get("name", default="none") == "none"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('step "a" {', 1),
        ("a = 1\n}", 2),
        ('a = "no end', 1),
        ("a = <<-EOT\n text without end", 1),
        ("a = [1, ", 1),
        ("a = {\n b = 1\n", 3),
        ("a = word", 1),
        ('\n\n= "x"', 3),
    ],
)
def test_what_is_not_ocl_is_refused_with_its_line(text: str, line: int) -> None:
    with pytest.raises(OclError, match=f"^line {line}: "):
        parse(text)
