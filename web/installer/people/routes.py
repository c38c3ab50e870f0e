"""The addresses of people, tokens and keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from web.installer.people.keys import give, keys_page
from web.installer.people.page import add, change, people_page, person_page
from web.installer.people.tokens import create, revoke, tokens_page

ROUTES: tuple[tuple[str, str, Callable[..., Any]], ...] = (
    ("GET", "/installer/settings/people", people_page),
    ("POST", "/installer/settings/people", add),
    ("GET", "/installer/settings/people/one", person_page),
    ("POST", "/installer/settings/people/one", change),
    ("GET", "/installer/settings/tokens", tokens_page),
    ("POST", "/installer/settings/tokens", create),
    ("POST", "/installer/settings/tokens/revoke", revoke),
    ("GET", "/installer/settings/keys", keys_page),
    ("POST", "/installer/settings/keys", give),
)
