"""Types of control requests about the settings."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from gateway.engine.socket.requests import Change, Params, Word
from gateway.store.settings.planning import CONFIRM_MAX_S

ConfirmS = Annotated[int, msgspec.Meta(ge=0, le=CONFIRM_MAX_S)]
POINTS_MAX = 256
"""Devices of one look at their points."""
Number = Annotated[int, msgspec.Meta(ge=0, le=10**9)]


class DriverList(Params, frozen=True):
    """driver.list"""


class DriverPoints(Params, frozen=True):
    """driver.points: of devices as a site file has them, whether they run or not"""

    devices: Annotated[list[dict[str, Any]], msgspec.Meta(max_length=POINTS_MAX)]


class SitePlan(Params, frozen=True):
    """site.plan: of a document, or of a version (0: the confirmed one before)"""

    document: Any = None
    version: Number | None = None


class SiteApply(Change, frozen=True, kw_only=True):
    """site.apply"""

    document: Any
    base: Number | None = None
    confirm_s: ConfirmS | None = None


class SiteConfirm(Change, frozen=True, kw_only=True):
    """site.confirm"""


class SiteRollback(Change, frozen=True, kw_only=True):
    """site.rollback"""

    version: Number = 0


class SiteHistory(Params, frozen=True):
    """site.history"""


class SiteGet(Params, frozen=True):
    """site.get"""

    by_token: bool = False


class SiteDraft(Change, frozen=True, kw_only=True):
    """site.draft"""

    document: Any
    base: Number | None = None
    by_token: bool = False


class SiteDraftApply(Change, frozen=True, kw_only=True):
    """site.draft.apply"""

    draft: Word
    confirm_s: ConfirmS | None = None
    patience_s: Annotated[int, msgspec.Meta(ge=0, le=60)] | None = None


class SiteDraftState(Params, frozen=True):
    """site.draft.state"""

    draft: Word


class SiteDraftEnd(Change, frozen=True, kw_only=True):
    """site.draft.confirm, site.draft.discard"""

    draft: Word
