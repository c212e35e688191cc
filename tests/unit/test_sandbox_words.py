"""How the sandbox speaks of kinds in its sentences."""

from __future__ import annotations

import pytest

from sandbox.texts import name_taken, plural, words


@pytest.mark.parametrize(
    ("name", "said", "several"),
    [
        ("LibraryVariableSet", "A library variable set", "library variable sets"),
        ("DeploymentProcess", "A deployment process", "deployment processes"),
        ("MachinePolicy", "A machine policy", "machine policies"),
        ("Account", "An account", "accounts"),
        ("UserRole", "A user role", "user roles"),
    ],
)
def test_kinds_are_called_in_plain_words(name: str, said: str, several: str) -> None:
    assert name_taken(words(name)) == f"{said} with this name already exists. Please choose a different name."
    assert plural(words(name)) == several
