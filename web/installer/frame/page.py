"""A page of the installer within the frame: top line, navigation, draft bar."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, request

from gateway.core.settings.roles import Right
from web.installer.frame.draft import working
from web.installer.frame.places import places_of
from web.installer.frame.waits import wait_of
from web.people import auth
from web.platform.pages import page
from web.platform.services import services

SHEETS = ("parts/base/base.css", "installer/frame/frame.css", "installer/frame/parts.css")
# Texts that the frame's own script puts together.
SCRIPT_WORDS = ("installer.frame.",)


def installer_page(
    template: str,
    *,
    place: str,
    sheets: tuple[str, ...] = (),
    script_words: tuple[str, ...] = (),
    status: int = 200,
    **values: Any,
) -> Response:
    """The page of a place, with its own sheets, the words of its script and its values."""
    operator = auth.signed_in()
    draft = working() if Right.SET_UP in operator.role.rights else None
    pending = services().site.pending() if draft else None
    text = page(
        template,
        script_words=(*SCRIPT_WORDS, *script_words),
        sheets=(*SHEETS, *sheets),
        place=place,
        places=places_of(operator),
        operator=operator,
        draft=draft,
        waits=wait_of(pending, operator.name) if pending else None,
        back=request.full_path.rstrip("?") if request.method == "GET" else request.path,
        **values,
    )
    answer = current_app.make_response(text)
    answer.status_code = status
    return answer
