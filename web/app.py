"""The web application: wires the parts, bounds what comes in, and puts the safe headers on everything that goes out."""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from web import auth, problems, stream
from web.api import routes
from web.api.quick import quick_feed
from web.guard import views
from web.headers import safe_headers
from web.live import Live
from web.services import Services

# A million-row file is imported by path over the control socket, so no request needs to be large.
MAX_BODY_BYTES = 1024 * 1024
MAX_FORM_BYTES = 64 * 1024


def create_app(data: Path, *, live: Live | None = None) -> Flask:
    """The WSGI application for one data directory; opens files and the control socket only when they are needed."""
    app = Flask("web", static_folder="static", template_folder="templates")
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        MAX_FORM_MEMORY_SIZE=MAX_FORM_BYTES,
        MAX_FORM_PARTS=100,
        SEND_FILE_MAX_AGE_DEFAULT=3600,
        TRAP_HTTP_EXCEPTIONS=False,
    )
    held = Services(data, live)
    held.live_view = views.live_view
    app.extensions["gatehouse"] = held
    app.before_request(auth.check_csrf)
    problems.register(app)
    app.jinja_env.globals.update(csrf_token=auth.csrf_token, current_operator=auth.current_operator)
    app.register_blueprint(stream.BLUEPRINT)
    app.register_blueprint(routes.BLUEPRINT)
    app.register_blueprint(views.BLUEPRINT)
    app.wsgi_app = safe_headers(quick_feed(app.wsgi_app, held))  # type: ignore[method-assign,assignment]
    return app
