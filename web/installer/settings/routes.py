"""The addresses of the settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from web.installer.settings.devices import add_device, device_page, devices_page, new_page, save_device
from web.installer.settings.page import entry_page, index, save_entry, save_section, section_page

ROUTES: tuple[tuple[str, str, Callable[..., Any]], ...] = (
    ("GET", "/installer/settings", index),
    ("GET", "/installer/settings/devices", devices_page),
    ("GET", "/installer/settings/devices/new", new_page),
    ("POST", "/installer/settings/devices/new", add_device),
    ("GET", "/installer/settings/devices/<device>", device_page),
    ("POST", "/installer/settings/devices/<device>", save_device),
    ("GET", "/installer/settings/<section>", section_page),
    ("POST", "/installer/settings/<section>", save_section),
    ("GET", "/installer/settings/<section>/<entry>", entry_page),
    ("POST", "/installer/settings/<section>/<entry>", save_entry),
)
