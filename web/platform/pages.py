"""What every page is made with: the language, the brightness and the clock of the site."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

from flask import render_template

from web.platform import look
from web.platform.services import services
from web.words.sentences import trouble
from web.words.texts import clock
from web.words.times import is_night, site_zone

# Texts that the scripts of every page put together themselves.
SCRIPT_WORDS = ("refused.network", "refused.csrf")


def mono_ms() -> int:
    """CLOCK_MONOTONIC, by which the server knows when a button was touched."""
    return time.monotonic_ns() // 1_000_000


def page(template: str, *, script_words: tuple[str, ...] = (), **values: Any) -> str:
    """A page in the language of this request; `script_words` are keys, or what keys begin with, for its script."""
    said = look.said()
    document = services().site.document()
    site = document.get("site", {})
    local = look.aware_now().astimezone(site_zone(document))
    chosen = look.theme()
    night = chosen == "night" or (chosen == "auto" and is_night(local))
    offset = local.utcoffset()
    return render_template(
        template,
        say=said,
        trouble=partial(trouble, say=said),
        locale=said.locale,
        theme=chosen,
        night=night,
        site=site.get("name") or site.get("id", ""),
        clock=clock(local),
        offset_min=int(offset.total_seconds() // 60) if offset else 0,
        mono_ms=mono_ms(),
        script_words=said.part(*SCRIPT_WORDS, *script_words),
        **values,
    )
