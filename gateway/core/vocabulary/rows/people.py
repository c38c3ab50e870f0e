"""The people who work with the gateway: made, changed, removed, signed in and out, and tries with a wrong PIN.

No row holds a PIN. A name that no operator has is not stored either: people type their PIN into the wrong field.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from gateway.core.vocabulary.rows.base import UNSET, By, GatewayRow, Row, Station, UnsetType, Via, one_of, says

_ROLES = ("guard", "leader", "control_room", "office", "installer", "auditor")
OperatorName = Annotated[str, says("the operator, by name")]
MaybeOperator = Annotated[str | None, says("the operator, by name; null for a name that no operator has")]


class SetUp(GatewayRow, frozen=True, kw_only=True, gc=False):
    """The first set-up: a code for it was made, a wrong one was given, too many were, or it is done."""

    type: ClassVar[str] = "settings.changed"

    what: Annotated[str, one_of("what was done", "setup_code", "setup_code_wrong", "setup_closed", "set_up")]
    tries: Annotated[int, says("wrong codes since the code was made")]
    by: By
    via: Via


class OperatorRow(Row, frozen=True, kw_only=True, gc=False):
    """A row about a session of an operator."""

    subjects: ClassVar[str] = "operators/<name>"

    by: OperatorName
    role: Annotated[str | UnsetType, one_of("role of the operator", *_ROLES)] = UNSET
    station: Annotated[str | UnsetType | None, says("the booth's own screen, null for another one")] = UNSET

    def subject(self, _gateway: str, /) -> str:
        return f"operators/{self.by}"


class OperatorSignedIn(OperatorRow, frozen=True, kw_only=True, gc=False):
    """An operator signed in at a screen."""

    type: ClassVar[str] = "operator.signed_in"


class OperatorSignedOut(OperatorRow, frozen=True, kw_only=True, gc=False):
    """An operator signed out."""

    type: ClassVar[str] = "operator.signed_out"


class OperatorChange(Row, frozen=True, kw_only=True, gc=False):
    """A row about a change of an operator."""

    subjects: ClassVar[str] = "operators/<name>"

    operator: OperatorName

    def subject(self, _gateway: str, /) -> str:
        return f"operators/{self.operator}"


class OperatorAdded(OperatorChange, frozen=True, kw_only=True, gc=False):
    """An operator was made."""

    type: ClassVar[str] = "operator.added"

    role: Annotated[str, one_of("role of the operator", *_ROLES)]
    by: By
    via: Via
    station: Station = None


class OperatorRemoved(OperatorChange, frozen=True, kw_only=True, gc=False):
    """An operator was removed; the sessions of that person have ended."""

    type: ClassVar[str] = "operator.removed"

    role: Annotated[str, one_of("role that the operator had", *_ROLES)]
    by: By
    via: Via
    station: Station = None


class OperatorPinChanged(OperatorChange, frozen=True, kw_only=True, gc=False):
    """An operator has a new PIN; the sessions of that person have ended."""

    type: ClassVar[str] = "operator.pin_changed"

    by: By
    via: Via
    station: Station = None


class OperatorUnlocked(OperatorChange, frozen=True, kw_only=True, gc=False):
    """A lock-out was lifted: the next try counts at once."""

    type: ClassVar[str] = "operator.unlocked"

    by: By
    via: Via
    station: Station = None


class FailedTry(Row, frozen=True, kw_only=True, gc=False):
    """A row about tries with a wrong PIN: the first at once, those of the next minute in one more row."""

    subjects: ClassVar[str] = "operators/<name>"

    operator: MaybeOperator
    by: Annotated[str | None, says("who was signed in at that screen, null for no operator")]
    station: Annotated[str | None, says("the booth's own screen of the last try, null for another one")]
    address: Annotated[str, says("network address of the last try")]
    count: Annotated[int, says("how many tries")]
    since: Annotated[str, says("when the first of them was, RFC 3339 UTC")]

    def subject(self, _gateway: str, /) -> str:
        return f"operators/{self.operator or '-'}"


class OperatorSignInFailed(FailedTry, frozen=True, kw_only=True, gc=False):
    """A PIN did not fit the name."""

    type: ClassVar[str] = "operator.sign_in_failed"


class OperatorLockedOut(FailedTry, frozen=True, kw_only=True, gc=False):
    """A wrong PIN made the next try wait; never at a booth's own screen."""

    type: ClassVar[str] = "operator.locked_out"

    wait_s: Annotated[int, says("how long the next try must wait, seconds")]
