"""How hypothesis tries: the same examples in every run, but for what ``OCTOSYNC_HYPOTHESIS`` says.

long    the examples of a seed (``--hypothesis-seed=N``): one piece of `make test-long`
raw     the same, and what fails is not made small
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, Phase, settings

SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture)
# To explain why an example fails takes far longer than to find it.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)

settings.register_profile(
    "default", derandomize=True, deadline=None, print_blob=True, suppress_health_check=SLOW, phases=PHASES
)
# Without what failed before: a piece is always the same.
settings.register_profile(
    "long", deadline=None, print_blob=True, database=None, suppress_health_check=SLOW, phases=PHASES
)
# To see soon that something fails, before an hour of making it small.
settings.register_profile(
    "raw",
    deadline=None,
    print_blob=True,
    database=None,
    suppress_health_check=SLOW,
    phases=(Phase.explicit, Phase.generate),
)
settings.load_profile(os.environ.get("OCTOSYNC_HYPOTHESIS", "default"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    timeout = 3600 if os.environ.get("OCTOSYNC_HYPOTHESIS") else 900
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(timeout))


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Thousands of requests are not worth a line each."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()
