"""Which variables a text asks for. Whoever is told that one is missing must be able to trust it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.sync.findings.expressions import Reference, is_known, references


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("https://#{Host}:#{Port}/", ["Host", "Port"]),
        ("#{Url | ToLower}#{ Spaced Name }", ["Spaced Name", "Url"]),
        ("#{Account.AccessKey} #{Endpoints[0].Url}", ["Account.AccessKey", "Endpoints[0].Url"]),
        ("#{calc Instances * 2 + {Spare-Ones}}", ["Instances", "Spare-Ones"]),
        ("#{Prefix | Append #{Suffix}}", ["Prefix", "Suffix"]),
        # What only Octopus knows, and what is text.
        (
            "#{Octopus.Action[Build: web].Output.Url} #{env:PATH} #{OctopusEnvironmentName} ##{Escaped} #{ | NowDate}",
            [],
        ),
        # What may be missing: it is false then, or there is nothing to do.
        ("#{if Debug}#{Debug}#{else}#{Level}#{/if}", ["Level"]),
        ('#{if Mode == "fast" && Other}#{Mode}#{/if}#{unless Quiet}!#{/unless}', []),
        ("#{each one in Endpoints}#{one.Url}#{one}#{Octopus.Template.Each.Index}#{/each}", []),
        # Other languages.
        ("#{items.map(&:name)} #{x + 1} #{} #{'a'} #{1} #{a: 1, b: 2}", []),
        ("#{never closed", []),
    ],
)
def test_what_a_text_asks_for(text: str, names: list[str]) -> None:
    assert [one.name for one in references(text)] == names


def test_what_stands_within_is_asked_for_by_itself() -> None:
    assert references("#{Hosts[#{Region}].Name}") == [Reference("Hosts[", open=True), Reference("Region")]


@pytest.mark.parametrize(
    ("name", "has"),
    [
        ("URL", True),
        ("Account.AccessKey", True),
        ("Settings:Database:Name", True),
        ("Hosts[eu].Name", True),
        ("Hosts", True),
        ("Hosts[us].Name", False),
        ("Ur", False),
        ("Accounts", False),
        ("Urls.Of", False),
    ],
)
def test_a_variable_is_known_by_its_name_its_value_s_parts_and_as_a_collection(name: str, has: bool) -> None:
    names = frozenset({"url", "account", "settings", "hosts[eu].name"})
    assert is_known(Reference(name), names) is has


def test_of_a_name_that_is_worked_out_only_the_beginning_is_known() -> None:
    assert is_known(Reference("Hosts[", open=True), frozenset({"hosts[eu].name"}))
    assert not is_known(Reference("Ports[", open=True), frozenset({"hosts[eu].name"}))


@given(st.text(alphabet="#{}[]|\"'\\/.:()*+-= \nabifeachincalcunless\0é🚀", max_size=200))
def test_it_never_raises_and_finds_nothing_that_is_not_there(text: str) -> None:
    for one in references(text):
        assert one.name in text
        assert one.name == one.name.strip()
        is_known(one, frozenset({"a", "b[c]"}))


def test_a_long_text_full_of_beginnings_takes_no_time() -> None:
    assert references("#{" * 50_000 + "}" * 50_000 + "#{Last}") in ([], [Reference("Last")])
    assert references("#{" + "[*]" * 5_000 + "!}") == []
