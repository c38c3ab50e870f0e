"""Roles of people and scopes of tokens, and what each may do; web, command line and reference follow them."""

from __future__ import annotations

from gateway.core.codes import DeclaredCode


class Right(DeclaredCode):
    """What an operator may do, with its meaning."""

    LOOK = "look", "see the lanes and the alarms"
    COMMAND = "command", "give commands to lanes, acknowledge alarms, stop an arm"
    LIFT = "lift", "lift the lock-out of an operator"
    SET_UP = "set_up", "test devices, change the settings"
    ACCEPT = "accept", "tick and sign the acceptance of a lane"
    WAIVE = "waive", "take a tag off though points that were touched under it are not ticked again"
    CONFIRM = "confirm", "confirm a driver without a card, and see the list of such drivers"
    EXCUSE = "excuse", "waive what a car must pay, agree to a release as owed above the limit"
    ANNOUNCE = "announce", "announce visitors, correct and cancel them"
    COLLECT = "collect", "take at the office what visits owe, take a part of a charge over"
    RELEASE = "release", "make, confirm and cancel release slips of goods"
    REPAIR = "repair", "open, report and confirm repairs"
    ACKNOWLEDGE_LIMIT = "acknowledge_limit", "acknowledge a limit that was changed in a repair"

    HEAR = "hear", "see at once which cars were refused"
    WATCH = "watch", "see which vehicles are watched and when they were seen, and calls under duress, away from a lane"


_NOT_OF_INSTALLERS = (
    Right.ACKNOWLEDGE_LIMIT, Right.WAIVE, Right.EXCUSE, Right.WATCH, Right.CONFIRM, Right.ANNOUNCE,
    Right.COLLECT, Right.RELEASE,
)  # fmt: skip


class Role(DeclaredCode):
    """The role of an operator, with its meaning and its rights."""

    rights: frozenset[Right]

    def __init__(self, code: str, meaning: str = "", rights: tuple[Right, ...] = ()) -> None:
        super().__init__(code, meaning)
        self.rights = frozenset(rights)

    GUARD = "guard", "the guard of a booth", (Right.LOOK, Right.COMMAND, Right.REPAIR)
    LEADER = (
        "leader",
        "the shift leader",
        (Right.LOOK, Right.COMMAND, Right.LIFT, Right.WAIVE, Right.EXCUSE, Right.CONFIRM, Right.REPAIR, Right.HEAR),
    )
    CONTROL_ROOM = (
        "control_room",
        "an operator of the control room",
        (
            Right.LOOK, Right.COMMAND, Right.ACCEPT, Right.CONFIRM, Right.REPAIR, Right.ACKNOWLEDGE_LIMIT, Right.HEAR,
            Right.WATCH,
        ),
    )  # fmt: skip
    OFFICE = (
        "office",
        "the property office",
        (Right.LOOK, Right.CONFIRM, Right.ANNOUNCE, Right.COLLECT, Right.RELEASE, Right.REPAIR),
    )
    INSTALLER = (
        "installer",
        "who wires and sets up the gateway",
        tuple(right for right in Right if right not in _NOT_OF_INSTALLERS),
    )
    AUDITOR = "auditor", "reads, and changes nothing", (Right.LOOK,)


def roles_with(right: Right) -> tuple[Role, ...]:
    """The roles that have a right."""
    return tuple(role for role in Role if right in role.rights)


SCOPES: dict[str, str] = {
    "events:read": "read the journal",
    "media:read": "look at pictures of cameras; each look is on record",
    "passes:read": "read passes",
    "passes:write": "add, change and remove passes",
    "state:read": "read lanes, alarms, devices and visits",
    "lanes:command": "give commands to lanes",
    "alarms:write": "acknowledge, verify, shelve and close alarms",
    "visits:write": "announce, correct and cancel visitors; register, confirm and cancel release slips",
    "listed:read": "read the lists of watched and hazardous vehicles",
    "listed:write": "put vehicles on these lists, and take them off",
    "payments:write": "take payments for visits",
    "validations:write": "take minutes, a percentage or an amount off the charge of a visit",
    "metrics": "read the metrics",
    "plates:push": "push plates as a camera",
    "site:read": "read the settings and their versions, but not operators, stations and the web address",
    "site:write": "apply, confirm and roll back settings, but not operators, stations and the web address",
}
"""What a token can be allowed, with its meaning."""
