"""docs/receiver.md says what the code does."""

from __future__ import annotations

import re

from config.instances import Instance
from config.settings import PREFIX, Settings
from tests.shipping import ROOT
from webhook_receiver import bodies, commit, watch
from webhook_receiver.answers import Outcome

PAGE = (ROOT / "docs" / "receiver.md").read_text()


def test_every_answer_is_in_the_table_as_it_is() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| (\d+) \| (.*) \|$", PAGE, re.M)
    assert [(word, int(status), meaning) for word, status, meaning in rows] == [
        (one.value, one.status, one.meaning) for one in Outcome
    ]


def test_every_setting_that_is_named_exists_with_its_default() -> None:
    named = set(re.findall(rf"\b{PREFIX}([A-Z_]+)", PAGE))
    assert {name.lower() for name in named} <= set(Settings.model_fields)
    for name, value in re.findall(rf"`{PREFIX}([A-Z_]+)` \(([\d,]+)\)", PAGE):
        assert Settings.model_fields[name.lower()].default == int(value.replace(",", "")), name
    about_us = {
        one for one in Settings.model_fields if one.startswith(("receiver_", "deliveries_", "body_", "trusted_"))
    }
    assert about_us - {name.lower() for name in named} == {"receiver_host", "receiver_port"}
    assert {"webhook_from", "webhook_header", "webhook_secrets"} <= set(Instance.model_fields)


def test_the_numbers_are_those_of_the_code() -> None:
    assert (commit.MOST_WAITING, commit.DURABLE_WITHIN_S, bodies.AT_A_TIME, watch.QUIET_S) == (2_000, 8.0, 4, 10.0)
