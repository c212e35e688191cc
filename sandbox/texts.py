"""Sentences whose exact wording no public source records. A client must not compare them; they are here to be read."""

from __future__ import annotations

import re

__all__ = [
    "MAINTENANCE",
    "frozen",
    "in_use",
    "mismatch",
    "missing_references",
    "name_taken",
    "out_of_date",
    "plural",
    "required",
    "step_in_use",
    "too_long",
    "words",
    "wrong_choice",
    "wrong_type",
]


MAINTENANCE = "The Octopus Server is in maintenance mode. Please try again later."


def required(name: str) -> str:
    return f"Please provide a value for {name}."


def out_of_date(kind: str, document_id: str) -> str:
    """This one is Octopus' own (terraform-provider-octopusdeploy#907, OctopusDeploy/Issues#9559)."""
    return (
        f"Modification failed for '{kind}' document with '{document_id}' Id because submitted data was out of date. "
        "Refresh the document and try again."
    )


def too_long(name: str, limit: int) -> str:
    return f"{name} must be no longer than {limit} characters."


def wrong_type(value: object, path: str) -> str:
    """The beginning and the end are those of Newtonsoft's message (terraform-provider-octopusdeploy#65). The value
    itself is not repeated: it may be a secret."""
    return f"Error converting a value of type '{type(value).__name__}'. Path '{path}'."


def wrong_choice(value: object, path: str) -> str:
    return f"Error converting value \"{value}\" to type '{path}'. Path '{path}'."


def name_taken(kind: str) -> str:
    """``kind``: as :func:`words` has it. The form is what clients look for; the exact words differ by kind (?)."""
    article = "An" if kind[0] in "aeio" else "A"
    return f"{article} {kind} with this name already exists. Please choose a different name."


def words(name: str) -> str:
    """What a sentence calls a kind: `LibraryVariableSet` → `library variable set`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()


def plural(noun: str) -> str:
    if noun.endswith("y"):
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith("s") else f"{noun}s"


def mismatch(name: str, sent: object, stored: object) -> str:
    return f"The {name} '{sent}' in the request body does not match '{stored}' in the URL."


def in_use(kind: str, by: str, names: list[str]) -> str:
    """The form is that of the environment's text (terraform-provider-octopusdeploy#499)."""
    return f"This {kind} cannot be deleted because it is being used by the following {by}: {', '.join(names)}"


def step_in_use(step: str, by: str) -> str:
    """That it is refused is OctopusDeploy/Issues#5296 and #5837; its words are in a picture there."""
    return f"The step '{step}' cannot be removed because it is used by {by}."


def missing_references(ids: list[str], name: str) -> str:
    """This one is Octopus' own (OctopusDeploy/Issues#2067)."""
    quoted = ", ".join(f'"{one}"' for one in ids)
    return f"One or more referenced resources do not exist: {quoted} provided for {name}"


def frozen(what: str) -> str:
    return f"This {what} cannot be modified because it is frozen."
