"""The web application: wires the parts, bounds what comes in, and puts the safe headers on everything that goes out."""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from gateway.control.structs import learn_structs
from web.api import routes
from web.api.journal.quick import quick_feed
from web.front.border import border
from web.front.packing import packed
from web.front.tls.keeper import authority
from web.guard.problem.page import problem_page
from web.guard.routes import BLUEPRINT as GUARD
from web.installer.routes import BLUEPRINT as INSTALLER
from web.office.routes import BLUEPRINT as OFFICE
from web.people import auth
from web.platform import assets, look, problems
from web.platform.headers import safe_headers
from web.platform.problems import BODY_MAX_BYTES
from web.platform.repeats import refuse_repeats
from web.platform.services import Services
from web.setup.gate import lead_there
from web.setup.routes import BLUEPRINT as SETUP
from web.words.texts import initials

FORM_MAX_BYTES = 64 * 1024


def create_app(data: Path) -> Flask:
    """The WSGI application for one data directory; opens files and the control socket only when they are needed."""
    app = Flask("web", static_folder=None, template_folder=str(assets.WEB))
    app.config.update(
        MAX_CONTENT_LENGTH=BODY_MAX_BYTES,
        MAX_FORM_MEMORY_SIZE=FORM_MAX_BYTES,
        MAX_FORM_PARTS=100,
        TRAP_HTTP_EXCEPTIONS=False,
    )
    learn_structs()
    held = Services(data)
    app.extensions["gatehouse"] = held
    app.before_request(refuse_repeats)
    app.before_request(auth.check_csrf)
    app.before_request(lead_there)
    app.after_request(auth.acquaint)
    problems.register(app, problem_page)
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.jinja_env.filters.update(dig=look.dig, initials=initials)
    app.jinja_env.globals.update(
        asset=assets.asset,
        csrf_token=auth.csrf_token,
        current_operator=auth.current_operator,
        script=assets.script,
        styles=assets.styles,
    )
    app.register_blueprint(routes.BLUEPRINT)
    app.register_blueprint(GUARD)
    app.register_blueprint(INSTALLER)
    app.register_blueprint(OFFICE)
    app.register_blueprint(SETUP)
    app.register_blueprint(assets.BLUEPRINT)
    app.add_url_rule("/authority.crt", "authority", lambda: authority(data / "web" / "tls"))
    app.wsgi_app = safe_headers(border(packed(quick_feed(app.wsgi_app, held)), held.site.http))  # type: ignore[method-assign,assignment]
    return app
