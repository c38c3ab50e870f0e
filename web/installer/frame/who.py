"""The author of what is done on a page of the installer."""

from __future__ import annotations

from typing import Any

from web.people import auth, stations


def who() -> dict[str, Any]:
    """Author and way of a change from this browser, as the engine's ops take them."""
    return {"by": auth.signed_in().name, "via": "browser" if stations.current_station() is None else "guard"}
