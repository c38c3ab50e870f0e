"""What the keys of plates offer; the component is `parts/keys/keys.js`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec
from flask import Response

from gateway.core.plates.plates import LAST, REGIONS
from gateway.core.settings.roles import Right
from gateway.core.vocabulary.errors import GatehouseError
from web.people import auth
from web.platform import look
from web.platform.services import services
from web.words.texts import Words

PLATES_MAX = 200
"""Cars whose plates are looked at for the characters that come first."""


class Keys(msgspec.Struct, frozen=True):
    """`regions` may begin a plate, `last` may end it; `chinese`: plates here begin with a region."""

    regions: str
    last: str
    chinese: bool


@auth.require_operator(Right.COMMAND)
def plate_keys() -> Response:
    """What is offered now."""
    return Response(msgspec.json.encode(keys_now(look.said())), content_type="application/json")


def keys_now(said: Words) -> Keys:
    """The keys by the plates of the last cars; by none while they cannot be read, so that a plate can be typed."""
    try:
        plates = services().readers.state().recent_plates(PLATES_MAX)
    except GatehouseError:
        plates = []
    return keys(said, plates)


def keys(said: Words, plates: Iterable[str]) -> Keys:
    """The keys by these plates."""
    seen = Counter(plate[0] for plate in plates if plate and plate[0] in REGIONS)
    first = [region for region, _count in seen.most_common()]
    regions = "".join([*first, *(one for one in REGIONS if one not in seen)])
    return Keys(regions, LAST, bool(seen) or said.locale == "zh_CN")
