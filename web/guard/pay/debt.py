"""What is owed of a stay that is over, as the booth's screen shows it to take the money without its car."""

from __future__ import annotations

import msgspec
from flask import Response

from gateway.core.settings.roles import Right
from gateway.core.vocabulary.errors import GatehouseError, NotFoundError
from gateway.core.vocabulary.views import ChargeView
from web.guard.orders.answers import answer
from web.guard.pay import model
from web.guard.pay.page import status_of
from web.guard.scene import METHODS, Scene, refusal
from web.people import auth
from web.platform import look
from web.platform.services import ask, services
from web.words.times import site_zone

WORD_MAX = 100


@auth.require_operator(Right.COMMAND)
def debt(visit: str) -> Response:
    """What is due of it now, and what was paid."""
    held, said = services(), look.said()
    found = held.readers.state().visit(visit[:WORD_MAX])
    if found is None:
        raise NotFoundError(f"there is no visit {visit!r}")
    try:
        charge = msgspec.convert(ask("visits.charge", visit=found.id), ChargeView)
    except GatehouseError as error:
        return answer("failed", refusal(said, error.code), status_of(error), error.code)
    document, (snapshot, _) = held.site.document(), held.live.snapshot()
    scene = Scene(
        said,
        lambda _id: None,
        site_zone(document),
        look.aware_now(),
        methods=document.get("charging", {}).get("methods", METHODS),
        central=snapshot is not None and snapshot.uplink.up is True,
    )
    return Response(msgspec.json.encode(model.debt(scene, charge, found.plate)), content_type="application/json")
