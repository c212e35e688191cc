"""Answers to prompted variables, in the destination's terms. Pure.

Each goes with its variable: by the id that the variable has on the destination. One whose variable has no counterpart
there is left out, and told; so is a secret, which cannot be read and whose answer on the destination nobody may touch.
"""

from __future__ import annotations

from typing import Any, Protocol

from worker.kinds.answers import closed, names_by_id, opened
from worker.kinds.references import ANSWERS, Nested, Ref, is_secret
from worker.plan.values import CleanUp, Decision, NamePath
from worker.sync.translating.crossing import Resolve, Translated, at
from worker.sync.world.naming import verbatim
from worker.sync.world.world import Asking

SECRET_ANSWER = "secrets do not cross, and what is here stays; enter the answer here"  # noqa: S105 - it is none


class Walk(Protocol):
    """The translation of the document in which the answers stand."""

    path: NamePath
    resolve: Resolve
    out: Translated

    def meant(self, meaning: Ref | Nested, value: Any, where: str) -> Any: ...

    def find_ids(self, value: Any, where: str) -> None: ...

    def leave_to_a_person(self, text: str, where: str) -> None: ...


def translate_answers(walk: Walk, value: Any, where: str) -> Any:
    """In the form of ``value``; ``value`` itself, byte by byte, where all of it is the same on the destination.

    Nothing is told of what the answers are: they may be secrets.
    """
    given = opened(value)
    if given is None:
        walk.find_ids(value, where)
        return value
    found: dict[str, Any] = {}
    asking = Asking()
    for key, answer in given.items():
        with asking:
            _translate(walk, key, answer, where, found)
    asking.done()
    return value if list(found.items()) == list(given.items()) else closed(found, value)


def _translate(walk: Walk, key: str, answer: Any, where: str, found: dict[str, Any]) -> None:
    place = at(where, key if names_by_id(key) else verbatim(key))
    variable = walk.resolve(ANSWERS, key, create=False)
    there = next(iter(variable.ids), None)
    if there is None and variable.linked is None:
        walk.out.skipped.add(where)
        why = f"the answer to the prompted variable {verbatim(variable.name)!r} is left out: {variable.why}"
        walk.out.decisions.append(Decision("reference-dropped", place, why))
        walk.out.clean_ups.append(CleanUp(walk.path, place, "reference-dropped", why))
    elif there is None or is_secret(answer):
        walk.out.leave.add(at(where, there or str(variable.linked)))
        walk.leave_to_a_person(f"answers the prompted variable {verbatim(variable.name)!r}: {SECRET_ANSWER}", place)
    elif there in found:
        text = f"the variable {verbatim(variable.name)!r} is answered twice: the first answer was taken"
        walk.out.decisions.append(Decision("many-to-one", place, text))
    elif variable.means is None:
        walk.find_ids(answer, place)
        found[there] = answer
    elif (translated := walk.meant(variable.means, answer, place)) is not None:
        found[there] = translated
