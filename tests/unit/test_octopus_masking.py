"""What a server says carries no secret into a log."""

from __future__ import annotations

import pytest

from worker.octopus.masking import LONGEST, MASK, masked

KEY = "API-ABCDEF0123456789"


def test_the_credential_and_anything_like_it_is_masked() -> None:
    text = masked(f"the key {KEY} is not API-OTHERKEY0123", KEY)
    assert text == f"the key {MASK} is not {MASK}"


def test_a_bearer_token_is_masked_though_it_has_no_shape() -> None:
    assert masked("no such token: eyJhbGciOi", "eyJhbGciOi") == f"no such token: {MASK}"


@pytest.mark.spacecloner("bug-24", "feature-29")
def test_a_secret_of_the_document_that_was_sent_is_masked() -> None:
    document = {
        "Password": {"HasValue": True, "NewValue": "hunter2"},
        "Variables": [{"IsSensitive": True, "Value": "line one\nline two"}, {"IsSensitive": False, "Value": "plain"}],
    }
    said = masked('cannot convert "hunter2", "line one\nline two" or "plain"', KEY, document)
    assert said == f'cannot convert "{MASK}", "{MASK}" or "plain"'


def test_what_is_too_short_to_be_a_secret_leaves_the_words_whole() -> None:
    assert masked("a value is required", KEY, [{"NewValue": "a"}, {"NewValue": ""}, {"NewValue": None}]) == (
        "a value is required"
    )


def test_a_long_text_is_cut_after_it_is_masked() -> None:
    said = masked("x" * (LONGEST - 10) + KEY, KEY)
    assert KEY[:8] not in said
    assert len(masked("x" * 100_000, KEY)) == LONGEST + 1
