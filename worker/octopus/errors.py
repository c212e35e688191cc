"""What can go wrong between us and an Octopus Server, sorted by what to do about it.

    OctopusError
    ├── TryAgain            nothing is wrong with the request; the same intent may succeed later
    │   ├── Unreachable     no answer: name, network, TLS, timeout, a reset, or a gateway (502, 504) without a server
    │   ├── RateLimited     429
    │   ├── Maintenance     503
    │   ├── ServerFault     500 and the rest of 5xx
    │   ├── BrokenOff       the connection breaks in the middle of a file, however often it is sent
    │   └── StaleVersion    400: the document moved since it was read. Read it again, decide again
    ├── Refused             the server understood and says no: never repeated as it is
    │   ├── Unauthorized    401
    │   ├── Forbidden       403
    │   ├── NotFound        404: not there, or not visible to this credential, or named in the body and missing
    │   │   └── UnknownSpace    no visible space has that name, slug or id
    │   ├── FileDiffers     a file came, or arrived, that is not the one which the server describes
    │   └── BadRequest      400, 409: a rule of the server
    │       ├── NameTaken   the name belongs to another document already
    │       └── InGit       what was asked for is not in the database: its project keeps it in Git
    └── Misunderstood       ours to look into: an answer that Octopus would not give
        └── NotOctopus      a login page, a redirect to another host, no HTTP at all: is this the base URL?

Two questions cut across the tree. ``concerns_instance``: does the error say something about the whole server rather
than about this one request? ``maybe_applied``: did the request change something, for all we know? Only a write can, and
only where its answer was lost; then read before you write again.

No error carries a credential or a request body; what the server said is masked before it comes here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar


class OctopusError(Exception):
    """An exchange with Octopus that did not end as it should.

    ``url_path`` is the path without host and query. ``status`` is the HTTP status, ``None`` where no answer came.
    ``server_words`` is what the server said (``ErrorMessage`` and ``Errors`` joined), or what we saw in its place.
    ``server`` is the base URL of the server, empty where nobody knows it.
    """

    concerns_instance: ClassVar[bool] = False

    def __init__(
        self,
        server_words: str = "",
        *,
        method: str = "GET",
        url_path: str = "",
        status: int | None = None,
        maybe_applied: bool = False,
        server: str = "",
    ) -> None:
        super().__init__(server_words)
        self.server_words = server_words
        self.method = method
        self.url_path = url_path
        self.status = status
        self.maybe_applied = maybe_applied
        self.server = server

    def __str__(self) -> str:
        status = f"{self.status} " if self.status is not None else ""
        line = f"{self.method} {self.url_path}: {status}{self.server_words}".rstrip()
        return f"{line} (the write may have been applied)" if self.maybe_applied else line

    def __reduce__(self) -> tuple[Any, ...]:
        # Keyword arguments do not survive pickling by themselves, and errors cross process borders.
        return _rebuilt, (type(self), self.args, self.__dict__.copy())


def _rebuilt(kind: type[OctopusError], args: tuple[Any, ...], state: dict[str, Any]) -> OctopusError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class TryAgain(OctopusError):  # noqa: N818 - a branch of the tree, named for what to do
    """The same intent may succeed later. ``retry_after``: how many seconds the server asked us to wait, if it did."""

    def __init__(self, server_words: str = "", *, retry_after: float | None = None, **where: Any) -> None:
        super().__init__(server_words, **where)
        self.retry_after = retry_after


class Unreachable(TryAgain):
    """No answer from Octopus. ``lasting`` where trying again at once cannot help: a certificate that is not trusted."""

    concerns_instance = True

    def __init__(self, server_words: str = "", *, lasting: bool = False, **where: Any) -> None:
        super().__init__(server_words, **where)
        self.lasting = lasting


class RateLimited(TryAgain):
    concerns_instance = True


class Maintenance(TryAgain):
    concerns_instance = True


class ServerFault(TryAgain):
    """A 5xx of the server itself. It may be about one broken document only, so it does not concern the instance."""


class BrokenOff(TryAgain):
    """The connection breaks in the middle of a file, each time. It may be about this file only, which is larger than a
    proxy lets through, or damaged; so it does not concern the instance."""


class StaleVersion(TryAgain):
    """The document was changed since it was read. Sending it again as it is would fail again, or undo that change."""


class Refused(OctopusError):  # noqa: N818 - a branch of the tree, named for what to do
    """The server understood the request and says no."""


class Unauthorized(Refused):
    concerns_instance = True


class Forbidden(Refused):
    pass


class NotFound(Refused):
    """Not there or not visible: Octopus does not tell which. Never take it for a deletion."""


class UnknownSpace(NotFound):
    """No space that this credential may see has that name, slug or id.

    ``nearest`` holds the names that look most like it, or else some that there are.
    """

    def __init__(self, wanted: str, nearest: Sequence[str], **where: Any) -> None:
        hint = "it sees no space at all" if not nearest else "there is " + ", ".join(f'"{name}"' for name in nearest)
        super().__init__(f'no space "{wanted}" is visible to this credential; {hint}', **where)
        self.wanted = wanted
        self.nearest = tuple(nearest)


class FileDiffers(Refused):
    """A file of another size or content than the server itself says. Sent again it would be no other."""


class BadRequest(Refused):
    pass


class NameTaken(BadRequest):
    pass


class InGit(BadRequest):
    pass


class Misunderstood(OctopusError):  # noqa: N818 - a branch of the tree, named for what to do
    """An answer that Octopus would not give, or that we cannot read."""


class NotOctopus(Misunderstood):
    concerns_instance = True
