"""Signing in and out, and the choice of language and brightness, which needs no session."""

from __future__ import annotations

import re
from typing import Any

from flask import Response, current_app, redirect, request

from web.people import auth
from web.platform import look
from web.platform.pages import page
from web.platform.problems import Problem
from web.platform.services import services
from web.words.texts import LOCALES

NAMES_A_PAGE = 9
SHEETS = (
    "parts/base/base.css", "parts/fit/fit.css", "guard/top/top.css", "guard/actions/actions.css", "parts/stop/stop.css",
    "parts/sheet/sheet.css", "parts/keypad/keypad.css", "guard/sign_in/page.css", "guard/home/sizes.css",
)  # fmt: skip


def sign_in_page() -> str | Response:
    """Names first, then the PIN of the chosen one."""
    return _page(request.args.get("name"))


def sign_in() -> Any:
    """Check the PIN; a mistake is answered on the same page, in calm words."""
    name = request.form.get("name", "")
    try:
        auth.sign_in(name, request.form.get("pin", ""))
    except Problem as problem:
        if problem.code not in ("pin_wrong", "too_many_attempts"):
            raise
        wait_s = int(problem.extra.get("wait_s", 0))
        kind = "locked" if problem.code == "too_many_attempts" else "wrong_wait" if wait_s else "wrong"
        return _page(name, kind, wait_s), problem.status
    return redirect(inside(request.form.get("next", "/")), 303)


def _page(name: str | None, mistake: str = "", wait_s: int = 0) -> str:
    operators = list(services().site.operators().values())
    chosen = next((one for one in operators if one.name == name), None)
    if name and chosen is None:
        mistake = mistake or "unknown"
    if not mistake:
        mistake = next((told for told in ("ended", "lifted") if told in request.args), "")
    pages = max(1, -(-len(operators) // NAMES_A_PAGE))
    number = request.args.get("page", 0, type=int) % pages
    return page(
        "guard/sign_in/page.html",
        sheets=SHEETS,
        operators=operators[number * NAMES_A_PAGE : (number + 1) * NAMES_A_PAGE],
        page=number,
        pages=pages,
        chosen=chosen,
        mistake=mistake,
        wait_s=wait_s,
        locked_out=chosen is not None and (wait_s > 0 or services().lockout.locks_out(chosen.name)),
        next=inside(request.values.get("next", "/")),
        station=auth.known_station(),
    )


def inside(target: str) -> str:
    """Only a path of this site, never another host."""
    return target if re.fullmatch(r"/[A-Za-z0-9_][A-Za-z0-9_/?=&.-]*|/", target) else "/"


def sign_out() -> Any:
    """End the session of this browser."""
    auth.sign_out()
    return redirect("/sign-in", 303)


def choose_look() -> Any:
    """Language or brightness of this browser; needs no session."""
    answer = current_app.make_response(redirect(inside(request.form.get("back", "/")), 303))
    if (language := request.form.get("lang")) in LOCALES:
        look.keep(answer, look.LOCALE_COOKIE, str(language))
    if (chosen := request.form.get("theme")) in look.THEMES:
        look.keep(answer, look.THEME_COOKIE, str(chosen))
    return answer
