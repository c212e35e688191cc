"""The errors that the server answers with, and their bodies.

Bodies are `{"ErrorMessage": ..., "Errors": [...]}`. The texts are Octopus' own where a public issue or the server's
Swagger shows them; those whose wording nobody recorded are in `sandbox.texts`, marked so.
"""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["ApiError", "bad_request", "forbidden", "method_not_allowed", "not_found", "route_not_found", "unauthorized"]

PROBLEM = "There was a problem with your request."


@dataclass
class ApiError(Exception):
    """A request that is answered with an error. `errors` holds one sentence per broken rule."""

    status: int
    message: str
    errors: list[str] = field(default_factory=list)
    help_text: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, object]:
        body: dict[str, object] = {"ErrorMessage": self.message, "Errors": self.errors, "ParsedHelpLinks": []}
        if self.help_text:
            body["HelpText"] = self.help_text
        return body


def bad_request(*errors: str) -> ApiError:
    """400: the payload is not valid, or a rule does not permit the operation."""
    return ApiError(400, PROBLEM, list(errors))


def unauthorized() -> ApiError:
    """401, with the text of the old Octopus wiki page on errors."""
    return ApiError(
        401,
        "Either your API key is invalid, or your account has been disabled. Please contact your Octopus administrator.",
    )


def forbidden(permission: str) -> ApiError:
    """403: known, but not permitted. The text is that of OctopusDeploy/Issues#8726."""
    return ApiError(
        403,
        "You do not have permission to perform this action. Please contact your Octopus administrator. "
        f"Missing permission: {permission}",
    )


def not_found(what: object) -> ApiError:
    """404 for a document, asked for or referred to. Octopus answers both alike (server Swagger 2026.1)."""
    return ApiError(404, f"The resource '{what}' was not found.")


def route_not_found() -> ApiError:
    """404 for a route or a space nobody knows (terraform-provider-octopusdeploy#559)."""
    return ApiError(
        404,
        "Resource is not found or it doesn't exist in the current space context. "
        "Please contact your administrator for more information.",
    )


def method_not_allowed(method: str) -> ApiError:
    """405: wrong verb, or an empty path segment (OctopusDeploy/Issues#8060)."""
    return ApiError(405, f"The requested resource does not support http method '{method}'.")
