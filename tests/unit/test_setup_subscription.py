"""The subscription that a source should have: what of one that is there must change, and what may stay."""

from __future__ import annotations

from typing import Any

import pytest

from worker.setup.subscription import (
    OTHER_TIMEOUT,
    TIMEOUT,
    Wanted,
    created,
    flaws,
    ours,
    repaired,
    touched,
    webhook_url,
)

URL = "https://sync.example.com/webhooks/dev"
WANTED = Wanted(URL, "X-Octosync-Token", "the-secret")


def subscription(*, disabled: bool = False, name: str = "Octosync", **fields: Any) -> dict[str, Any]:
    """As it should be, but for ``fields``."""
    return {
        "Id": "Subscriptions-1",
        "Name": name,
        "IsDisabled": disabled,
        "Unknown": "to us",
        "EventNotificationSubscription": {
            "Filter": {"EventGroups": ["Document"], "Projects": []},
            "WebhookURI": URL,
            "WebhookTeams": [],
            "WebhookTimeout": "00:00:30",
            "WebhookHeaderKey": "X-Octosync-Token",
            "WebhookHeaderValue": "the-secret",
            "SlackChannelIds": ["C1"],
            **fields,
        },
    }


def test_a_new_one_has_one_filter_the_header_and_the_secret() -> None:
    fields = created(WANTED).document["EventNotificationSubscription"]
    assert fields["Filter"] == {"EventGroups": ["Document"]}
    assert fields["WebhookURI"] == URL
    assert (fields["WebhookHeaderKey"], fields["WebhookHeaderValue"]) == ("X-Octosync-Token", "the-secret")


def test_a_server_without_that_group_gets_no_filter() -> None:
    wanted = Wanted(URL, "X-Octosync-Token", "the-secret", frozenset({"Other"}))
    assert created(wanted).document["EventNotificationSubscription"]["Filter"] == {}


def test_one_that_is_as_it_should_be_is_left_alone() -> None:
    assert repaired(subscription(), WANTED).changes == ()
    assert repaired(subscription(Filter={}), WANTED).changes == (), "without a filter it tells more, which does no harm"
    assert repaired(subscription(WebhookTimeout="00:05:00"), WANTED).changes == ()


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"disabled": True}, "enable"),
        ({"WebhookURI": "https://old.example.com/webhooks/dev"}, "old.example.com"),
        ({"Filter": {"EventGroups": ["Document"], "Projects": ["Projects-1"]}}, "Projects"),
        ({"Filter": {"EventCategories": ["Created"]}}, "EventCategories"),
        ({"WebhookTeams": ["Teams-1"]}, "teams"),
        ({"WebhookTimeout": "00:00:02"}, "answer"),
        ({"WebhookHeaderKey": "X-Other"}, "header"),
        ({"WebhookHeaderValue": "another"}, "secret"),
        ({"WebhookHeaderValue": None}, "secret"),
        ({"WebhookHeaderValue": {"HasValue": True, "NewValue": None, "Hint": None}}, "does not show"),
    ],
)
def test_what_is_amiss_is_named_and_put_right(fields: dict[str, Any], word: str) -> None:
    repair = repaired(subscription(**fields), WANTED)
    (change,) = repair.changes
    assert word in change
    assert "the-secret" not in change
    again = repaired(repair.document, WANTED)
    assert [one for one in again.changes if "does not show" not in one] == []
    assert repair.document["Unknown"] == "to us"
    assert repair.document["EventNotificationSubscription"]["SlackChannelIds"] == ["C1"]


@pytest.mark.parametrize(
    ("shown", "sent"),
    [
        ({"HasValue": True, "NewValue": None, "Hint": "x"}, {"HasValue": True, "NewValue": "the-secret", "Hint": "x"}),
        (
            {"IsSensitive": True, "Value": None, "SensitiveValue": {"HasValue": True}},
            {"IsSensitive": True, "Value": None, "SensitiveValue": {"HasValue": True, "NewValue": "the-secret"}},
        ),
        ({"Value": "old"}, {"Value": "the-secret"}),
        ("old", "the-secret"),
    ],
)
def test_the_secret_is_sent_in_the_form_in_which_it_is_shown(shown: Any, sent: Any) -> None:
    document = repaired(subscription(WebhookHeaderValue=shown), WANTED).document
    assert document["EventNotificationSubscription"]["WebhookHeaderValue"] == sent


def test_ours_is_the_one_that_calls_us_and_else_the_one_of_our_name() -> None:
    other = subscription(name="Mail to Bob", WebhookURI="https://elsewhere.example.com")
    renamed = subscription(name="Renamed by somebody")
    named = subscription(name="OCTOSYNC ", WebhookURI="https://old.example.com")
    assert ours([other, named, renamed], URL) == [renamed]
    assert ours([other, named], URL) == [named]
    assert ours([other], URL) == []
    off = subscription(disabled=True)
    assert ours([off, renamed], URL) == [renamed, off]


def test_a_touch_always_changes_something() -> None:
    once = touched(subscription())
    twice = touched(once)
    values = [one["EventNotificationSubscription"]["WebhookTimeout"] for one in (once, twice)]
    assert values == [OTHER_TIMEOUT, TIMEOUT]


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("https://sync.example.com", URL),
        ("https://sync.example.com/", URL),
        (URL, URL),
        ("https://sync.example.com/webhooks", "https://sync.example.com/webhooks"),
        ("http://10.0.0.1:8080/octosync/", "http://10.0.0.1:8080/octosync/webhooks/dev"),
    ],
)
def test_where_webhooks_go(base: str, url: str) -> None:
    assert webhook_url(base, "dev") == url


@pytest.mark.parametrize("base", ["sync.example.com", "ftp://x", "https://user:word@x", "https://x/?secret=1", ""])
def test_an_address_that_is_none_is_refused(base: str) -> None:
    with pytest.raises(ValueError, match=r"holds no credentials|starts with"):
        webhook_url(base, "dev")


def test_flaws_are_told_to_one_who_may_only_look() -> None:
    assert flaws(subscription(), "X-Octosync-Token", ["the-secret"]) == []
    bad = subscription(
        disabled=True, WebhookTeams=["Teams-1"], WebhookHeaderValue="?", Filter={"Projects": ["Projects-1"]}
    )
    assert len(flaws(bad, "X-Octosync-Token", ["the-secret"])) == 4
