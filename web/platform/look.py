"""Language and brightness of a browser, kept in two cookies."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Response, request

from web.platform.services import services
from web.words.texts import DEFAULT_LOCALE, LOCALES, Words, words

LOCALE_COOKIE = "gatehouse_lang"
THEME_COOKIE = "gatehouse_theme"
THEMES = ("auto", "day", "night")
KEPT_S = 365 * 86400


def locale() -> str:
    """The language of this request: this browser's choice, else the site's; before the first set-up, the browser's."""
    chosen = request.cookies.get(LOCALE_COOKIE, "")
    if chosen in LOCALES:
        return chosen
    if not services().set_up:
        asked = request.accept_languages.best_match(("zh", "zh-CN", "en"))
        return {"zh": "zh_CN", "zh-CN": "zh_CN", "en": "en"}.get(asked or "", DEFAULT_LOCALE)
    site = str(services().site.document().get("site", {}).get("locale", DEFAULT_LOCALE))
    return site if site in LOCALES else DEFAULT_LOCALE


def said() -> Words:
    """The texts in the language of this request."""
    return words(locale())


def theme() -> str:
    """This browser's choice of brightness: auto, day or night."""
    chosen = request.cookies.get(THEME_COOKIE, "auto")
    return chosen if chosen in THEMES else "auto"


def keep(answer: Response, name: str, value: str) -> Response:
    """Remember a choice in this browser for a year."""
    answer.set_cookie(name, value, max_age=KEPT_S, path="/", secure=request.is_secure, httponly=True, samesite="Strict")
    return answer


def dig(model: Any, path: str) -> Any:
    """A value deep in a view model by its dotted path; "" where there is none (the page script does the same)."""
    for key in path.split("."):
        model = model.get(key) if isinstance(model, dict) else None
    if model is True or model is False:
        return "yes" if model else ""
    return "" if model is None else model


def aware_now() -> datetime:
    """The wall clock of this machine."""
    return datetime.now().astimezone()
