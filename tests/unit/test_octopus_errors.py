"""Which error an answer of Octopus stands for, and what a person reads of it."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest

from worker.octopus import errors
from worker.octopus.answers import Answer, error_of, value_of
from worker.octopus.errors import OctopusError, Refused, TryAgain


def answer(
    status: int, body: Any, *, method: str = "PUT", content_type: str = "application/json", **headers: str
) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(method, "/api/Spaces-1/projects/Projects-1", status, {"Content-Type": content_type, **headers}, raw)


def says(*lines: str, message: str = "There was a problem with your request.") -> dict[str, Any]:
    return {"ErrorMessage": message, "Errors": list(lines), "FullException": "at Octopus.Server…"}


@pytest.mark.parametrize(
    ("status", "kind", "concerns_instance"),
    [
        (400, errors.BadRequest, False),
        (401, errors.Unauthorized, True),
        (403, errors.Forbidden, False),
        (404, errors.NotFound, False),
        (405, errors.Refused, False),
        (408, errors.Unreachable, True),
        (409, errors.BadRequest, False),
        (418, errors.Refused, False),
        (429, errors.RateLimited, True),
        (500, errors.ServerFault, False),
        (502, errors.Unreachable, True),
        (503, errors.Maintenance, True),
        (504, errors.Unreachable, True),
        (599, errors.ServerFault, False),
    ],
)
def test_the_status_decides_the_kind(status: int, kind: type[OctopusError], concerns_instance: bool) -> None:
    error = error_of(answer(status, says()))
    assert type(error) is kind
    assert error.concerns_instance is concerns_instance
    assert (error.status, error.method, error.url_path) == (status, "PUT", "/api/Spaces-1/projects/Projects-1")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (
            "Changes to these variables could not be saved, because another user has made changes to the variables "
            "between when you started editing and when you saved your changes.",
            errors.StaleVersion,
        ),
        (
            "Changes to this process could not be saved, because another user has made changes to the process.",
            errors.StaleVersion,
        ),
        (
            "Changes could not be saved, because your available environment scopes changed while you were editing the "
            "variables.",
            errors.StaleVersion,
        ),
        (
            "Modification failed for 'Tenant' document with 'Tenants-1' Id because submitted data was out of date. "
            "Refresh the document and try again.",
            errors.StaleVersion,
        ),
        ("Changes could not be saved, because it is frozen.", errors.BadRequest),
        (
            "Received a request for a version-controlled resource on a non-version control route. To access this "
            "resource, include a Git ref in the route.",
            errors.InGit,
        ),
        ("A project with this name already exists. Please choose a different name.", errors.NameTaken),
        ("An environment with this name already exists. Please enter a different name.", errors.NameTaken),
        ("A channel with the name 'QA [1]' already exists.", errors.NameTaken),
        ("A package reference with the name '' already exists", errors.BadRequest),
        (
            "Action name 'X' is already in use by another action in this deployment process. "
            "Action names must be unique.",
            errors.BadRequest,
        ),
        ("Variable ids must be unique.", errors.BadRequest),
    ],
)
def test_the_text_of_a_400_decides_what_to_do(text: str, kind: type[OctopusError]) -> None:
    assert type(error_of(answer(400, says(text)))) is kind
    assert type(error_of(answer(400, says(message=text)))) is kind


def test_a_stale_version_is_tried_again_and_a_taken_name_is_not() -> None:
    assert issubclass(errors.StaleVersion, TryAgain)
    assert issubclass(errors.NameTaken, Refused)


def test_the_servers_words_are_its_message_and_its_errors_and_not_its_stack() -> None:
    error = error_of(answer(400, says("A lifecycle is required.", "A project group is required.")))
    assert error.server_words == (
        "There was a problem with your request. A lifecycle is required. A project group is required."
    )
    assert str(error) == f"PUT /api/Spaces-1/projects/Projects-1: 400 {error.server_words}"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Server Error</html>",
        b'{"ErrorMessage": ',
        b"[]",
        b'"no"',
        b"\xff\xfe\xff",
        b"[" * 100_000,
        b'{"ErrorMessage": null, "Errors": null}',
        b'{"ErrorMessage": {"a": 1}, "Errors": "no list"}',
        b'{"Errors": [{"Message": "a"}, null, 7]}',
    ],
)
def test_an_error_with_any_body_is_still_the_error_of_its_status(body: bytes) -> None:
    assert type(error_of(answer(404, body))) is errors.NotFound
    assert type(error_of(answer(404, body, content_type="text/html"))) is errors.NotFound


def test_a_page_that_is_not_of_octopus_is_told_by_type_and_size_only() -> None:
    error = error_of(answer(404, b"<html>internal.example.com</html>", content_type="text/html"))
    assert "text/html, 33 bytes" in error.server_words
    assert "internal" not in str(error)


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_write_that_a_server_failed_to_answer_may_have_been_applied(status: int) -> None:
    assert error_of(answer(status, says(), method="PUT")).maybe_applied
    assert not error_of(answer(status, says(), method="GET")).maybe_applied


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 503])
def test_a_write_that_was_turned_away_was_not_applied(status: int) -> None:
    assert not error_of(answer(status, says(), method="POST")).maybe_applied


def test_how_long_to_wait_comes_with_the_error() -> None:
    error = error_of(answer(429, says(), **{"Retry-After": "12"}))
    assert isinstance(error, errors.RateLimited)
    assert error.retry_after == 12
    assert isinstance(silent := error_of(answer(429, b"")), errors.RateLimited)
    assert silent.retry_after is None


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"Name": "caf\xc3\xa9 \xf0\x9f\x90\x99"}', {"Name": "café 🐙"}),
        (b'\xef\xbb\xbf{"Name": "a"}', {"Name": "a"}),
        ('{"Name": "a"}'.encode("utf-16"), {"Name": "a"}),
        (b"[]", []),
        (rb'{"Name": "\ud83d"}', {"Name": "\ud83d"}),
    ],
)
def test_any_name_is_read_as_it_is(body: bytes, value: Any) -> None:
    assert value_of(answer(200, body, method="GET")) == value


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "application/hal+json", "text/json", ""])
def test_json_is_json_by_any_name(content_type: str) -> None:
    assert value_of(answer(200, b"{}", method="GET", content_type=content_type)) == {}


def test_a_write_may_answer_nothing_but_a_read_must_not() -> None:
    assert value_of(answer(200, b"", method="DELETE")) == {}
    with pytest.raises(errors.Misunderstood):
        value_of(answer(200, b"", method="GET"))


@pytest.mark.parametrize("body", [b"{", b"\xff\xff", b"[" * 100_000, b"no"])
def test_what_is_not_json_is_misunderstood_and_not_repeated_in_the_error(body: bytes) -> None:
    with pytest.raises(errors.Misunderstood) as caught:
        value_of(answer(200, body))
    assert caught.value.maybe_applied
    assert len(str(caught.value)) < 200


def test_a_login_page_is_not_octopus_and_the_error_says_what_to_check() -> None:
    with pytest.raises(errors.NotOctopus, match="is this the Octopus base URL") as caught:
        value_of(answer(200, b"<html>", method="GET", content_type="text/html"))
    assert caught.value.concerns_instance


@pytest.mark.parametrize(
    "error",
    [
        errors.RateLimited("slowly", retry_after=3, method="PUT", url_path="/api/x", status=429),
        errors.Unreachable("gone", lasting=True, maybe_applied=True),
        errors.UnknownSpace("Defualt", ["Default"], url_path="/api/spaces"),
    ],
)
def test_an_error_crosses_a_process_border_whole(error: OctopusError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert copy.__dict__ == error.__dict__
    assert str(copy) == str(error)


def test_an_unknown_space_names_those_that_there_are() -> None:
    assert 'there is "Default", "Dev"' in str(errors.UnknownSpace("Prod", ["Default", "Dev"]))
    assert "sees no space at all" in str(errors.UnknownSpace("Prod", []))
