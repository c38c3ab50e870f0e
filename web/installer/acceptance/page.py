"""The list of lanes, the page of one with its live points, and its sheet for paper."""

from __future__ import annotations

import secrets
from typing import Any

import msgspec
from flask import Response, current_app, redirect, request

from gateway.core.acceptance.sheet import sheets_of
from gateway.core.settings.model import Settings
from gateway.core.settings.roles import Right, Role
from gateway.core.vocabulary.errors import EngineUnreachableError, GatehouseError
from gateway.core.vocabulary.views import AcceptanceView
from gateway.store.projections.book import acceptance_of
from web.installer.acceptance.drawings import DrawingError, Drawings, decoded
from web.installer.acceptance.model import KINDS, Sheet, Teller, boards
from web.installer.frame.door import door
from web.installer.frame.page import installer_page
from web.installer.frame.who import who
from web.people import auth
from web.platform import look
from web.platform.problems import Problem, wants_json
from web.platform.services import ask, services
from web.words.texts import words
from web.words.times import site_zone

PATH = "/installer/acceptance"
SHEETS = ("installer/acceptance/page.css",)
SCRIPT_WORDS = ("installer.acceptance.script.",)
ACTS = ("tick", "withdraw", "sign")
ENDS = {Role.INSTALLER: "installer", Role.CONTROL_ROOM: "control_room"}
"""The end of a person, by role."""


@door(Right.ACCEPT)
def lanes() -> Response:
    """All lanes and how far each is."""
    settings, teller = _settings(), _teller()
    shown = [teller.sheet(view, _lane(view.lane), []) for view in _kept(settings).values()]
    _sweep(settings)
    return installer_page(
        "installer/acceptance/page.html", place="acceptance", sheets=SHEETS, script_words=SCRIPT_WORDS, lanes=shown
    )


@door(Right.ACCEPT)
def lane(lane: str) -> Response:
    """One lane: its points with what is measured now, the ticks of both ends, the signatures."""
    return _page(lane)


def _page(lane: str, *, refused: str = "", status: int = 200) -> Response:
    settings, end = _settings(), ENDS[auth.signed_in().role]
    sheet = _shown(settings, lane)
    return installer_page(
        "installer/acceptance/lane.html",
        place="acceptance",
        sheets=SHEETS,
        script_words=SCRIPT_WORDS,
        status=status,
        sheet=sheet,
        kinds=KINDS,
        end=end,
        refused=refused,
        bench=boards(settings, lane) if end == "installer" else [],
        next=next((row for row in sheet.rows if getattr(row, end) is None), None),
        may_sign=sheet.state in ("ticked", "signed") and sheet.signed(end) is None and not sheet.offline,
    )


@door(Right.ACCEPT)
def live(lane: str) -> Response:
    """What is measured and ticked now, for the page's script."""
    return _json({"sheet": _shown(_settings(), lane)})


@door(Right.ACCEPT)
def act(lane: str) -> Any:
    """Tick a point, take a tick back, or sign the sheet, as this person's end."""
    what = request.form.get("what", "")
    if what not in ACTS:
        raise Problem(400, "request_invalid", f"what is one of {', '.join(ACTS)}")
    try:
        media = _drawn() if what == "sign" else ""
        refused, status = _asked(lane, what, media)
    except DrawingError:
        refused, status = look.said()("installer.acceptance.refused.drawing"), 422
    if wants_json():
        return _json({"sheet": _shown(_settings(), lane), "refused": refused}, status)
    if refused:
        return _page(lane, refused=refused, status=status)
    anchor = f"#{request.form.get('point', '')}" if what != "sign" else "#signatures"
    return redirect(f"{PATH}/{lane}{anchor}", 303)


def _asked(lane: str, what: str, media: str) -> tuple[str, int]:
    """Ask the engine; why it refuses in words, and the status."""
    said = look.said()
    key = request.form.get("request", "")[:80] or secrets.token_hex(8)
    by = who()
    try:
        answer = ask(
            "acceptance.act",
            request=f"acceptance:{by['by']}:{key}"[:300],
            lane=lane,
            what=what,
            end=ENDS[auth.signed_in().role],
            point=request.form.get("point", "")[:300],
            media=media,
            **by,
        )
    except EngineUnreachableError:
        return said("refused.engine_unreachable"), 503
    except GatehouseError as error:
        return str(error), 409
    if answer["status"] == "done":
        return "", 200
    reason = answer["reason"]
    return said.first(f"installer.acceptance.refused.{reason}", "refused.other", code=reason), 409


def _drawn() -> str:
    """The id of the drawing that came along; "" for none."""
    text = request.form.get("drawing", "")
    return _drawings().add(decoded(text)) if text else ""


@door(Right.ACCEPT)
def drawing(lane: str, media: str) -> Response:
    """A drawn signature."""
    png = _drawings().get(media)
    if png is None:
        raise Problem(404, "not_found", f"There is no drawing for lane {lane} any more.")
    return Response(png, content_type="image/png")


@door(Right.ACCEPT)
def forget(lane: str) -> Any:
    """Delete the drawing of one's own end; that it was deleted is journaled, the signature stays."""
    end = ENDS[auth.signed_in().role]
    signed = _shown(_settings(), lane).signed(end)
    if signed is not None and signed.media:
        _drawings().delete(signed.media)
        row = {"lane": lane, "end": end, "media": signed.media, **who()}
        ask("journal.note", type="acceptance.drawing_deleted", data=row)
    return redirect(f"{PATH}/{lane}#signatures", 303)


@door(Right.ACCEPT)
def paper(lane: str) -> Response:
    """The sheet for paper, in both languages on one page."""
    settings = _settings()
    zone = site_zone(services().site.document())
    local = look.aware_now().astimezone(zone)
    view = _kept(settings).get(lane)
    if view is None:
        raise Problem(404, "not_found", f"There is no lane {lane}.")
    found = settings.lane(lane)
    zh, en = (Teller(words(locale), zone) for locale in ("zh_CN", "en"))
    media = _media(view)
    return installer_page(
        "installer/acceptance/sheet.html",
        place="acceptance",
        sheets=SHEETS,
        zh=zh.sheet(view, None, media),
        en=en.sheet(view, None, media),
        both=[zh.said, en.said],
        kinds=KINDS,
        printed=local.strftime("%Y-%m-%d %H:%M"),
        direction=found.direction.value if found is not None else "",
        gateway=settings.gateway.id,
    )


# ---- what the pages show


def _settings() -> Settings:
    found = services().site.settings()
    if found is None:
        raise Problem(503, "settings_unreadable", "The settings cannot be read.")
    return found


def _teller() -> Teller:
    return Teller(look.said(), site_zone(services().site.document()))


def _shown(settings: Settings, lane: str) -> Sheet:
    """A sheet with what is measured now; while the engine does not answer, as the journal has it."""
    if settings.lane(lane) is None:
        raise Problem(404, "not_found", f"There is no lane {lane}.")
    try:
        answer = ask("acceptance.look", timeout_s=3.0, request=f"look:{lane}:{secrets.token_hex(4)}", lane=lane)
        view, offline = msgspec.convert(answer["sheet"], AcceptanceView), answer["sheet"] is None
    except (GatehouseError, msgspec.ValidationError):
        view, offline = _kept(settings)[lane], True
    return _teller().sheet(view, _lane(lane), _media(view), offline=offline)


def _kept(settings: Settings) -> dict[str, AcceptanceView]:
    """The sheets of all lanes, as the journal has them."""
    return sheets_of(settings, acceptance_of(services().readers.state()))


def _lane(lane: str) -> Any:
    snapshot, _age_ms = services().live.snapshot()
    return next((one for one in snapshot.lanes if one.id == lane), None) if snapshot is not None else None


def _drawings() -> Drawings:
    return Drawings(services().database)


def _media(view: AcceptanceView) -> list[str]:
    """The drawings of a sheet that are kept."""
    kept = _drawings()
    named = [one.media for one in (view.installer, view.control_room) if one is not None and one.media]
    return [media for media in named if kept.present(media)]


def _sweep(settings: Settings) -> None:
    ends = [one for view in _kept(settings).values() for one in (view.installer, view.control_room)]
    _drawings().sweep([one.media for one in ends if one is not None and one.media])


def _json(body: dict[str, Any], status: int = 200) -> Response:
    answer = current_app.response_class(msgspec.json.encode(body), status, content_type="application/json")
    assert isinstance(answer, Response)
    return answer


ROUTES = (
    ("GET", PATH, lanes),
    ("GET", f"{PATH}/<lane>", lane),
    ("GET", f"{PATH}/<lane>/live", live),
    ("POST", f"{PATH}/<lane>/act", act),
    ("POST", f"{PATH}/<lane>/forget", forget),
    ("GET", f"{PATH}/<lane>/drawings/<media>", drawing),
    ("GET", f"{PATH}/<lane>/sheet", paper),
)
