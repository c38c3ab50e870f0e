"""The places of the installer's navigation, in order."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.core.settings.roles import Right
from web.people.operators import Operator


@dataclass(frozen=True)
class Place:
    """One entry of the navigation; its words are `installer.place.<name>`."""

    name: str
    path: str
    right: Right


PLACES = (
    Place("overview", "/installer", Right.SET_UP),
    Place("discover", "/installer/discover", Right.SET_UP),
    Place("devices", "/installer/devices", Right.SET_UP),
    Place("lanes", "/installer/lanes", Right.SET_UP),
    Place("acceptance", "/installer/acceptance", Right.ACCEPT),
    Place("settings", "/installer/settings", Right.SET_UP),
    Place("changes", "/installer/changes", Right.SET_UP),
    Place("versions", "/installer/versions", Right.SET_UP),
    Place("visitors", "/office/visitors", Right.ANNOUNCE),
    Place("owed", "/office/owed", Right.COLLECT),
    Place("slips", "/office/slips", Right.RELEASE),
    Place("repairs", "/installer/repairs", Right.LOOK),
    Place("identities", "/installer/identities", Right.CONFIRM),
    Place("health", "/installer/health", Right.LOOK),
)


def places_of(operator: Operator) -> list[Place]:
    """The places that this operator may enter."""
    return [place for place in PLACES if place.right in operator.role.rights]


def way_in(operator: Operator) -> str:
    """The address of the first place that this operator may enter, "" for none."""
    return next((place.path for place in places_of(operator)), "")
