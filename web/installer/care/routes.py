"""The addresses of backups, support and certificates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from web.installer.care.certificates import certificates_page
from web.installer.care.page import backups_page, support_page, take_backup, take_support

ROUTES: tuple[tuple[str, str, Callable[..., Any]], ...] = (
    ("GET", "/installer/settings/backups", backups_page),
    ("POST", "/installer/settings/backups", take_backup),
    ("GET", "/installer/settings/support", support_page),
    ("POST", "/installer/settings/support", take_support),
    ("GET", "/installer/settings/certificates", certificates_page),
)
