"""For all tests: what they share whatever part they are about.

Hypothesis judges what is right, never how long it takes on a busy machine. The longest files begin first. A PIN's hash
is made with less work than in the field, since most sites of the tests have operators: the work stands in each hash,
so whoever checks one does what a real one asks for (`tests/store/settings/test_secrets.py` has the real figure).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from unittest.mock import patch

import pytest
from hypothesis import settings

from gateway.store.settings import secrets
from tests.order import place

settings.register_profile("gatehouse", deadline=None)
settings.load_profile("gatehouse")

LITTLE_WORK, WORK_IN_THE_FIELD = 2**8, secrets._SCRYPT_N


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first; within a file nothing changes its place."""
    items.sort(key=lambda item: place(item.nodeid))


@pytest.fixture(scope="session", autouse=True)
def little_work_for_a_pin() -> Iterator[None]:
    """PINs that this process hashes."""
    with patch.object(secrets, "_SCRYPT_N", LITTLE_WORK):
        yield


@pytest.fixture(autouse=True)
def _logs_are_on() -> Iterator[None]:
    """The simulator turns all logging off for its process, which is not its own here."""
    yield
    logging.disable(logging.NOTSET)
