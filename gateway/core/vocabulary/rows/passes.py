"""The registry of passes: what was changed, by whom; and passes that end soon."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import field

from gateway.core.vocabulary.rows.base import By, PassId, Row, Via, one_of, says


class PassRow(Row, frozen=True, kw_only=True, gc=False):
    """A row about one pass."""

    subjects: ClassVar[str] = "passes/<pass>"

    pass_: PassId = field(name="pass")

    def subject(self, _gateway: str, /) -> str:
        return f"passes/{self.pass_}"


class RegistryRow(PassRow, frozen=True, kw_only=True, gc=False):
    """A change of the registry; what the pass says is read there."""

    kind: Annotated[str, one_of("kind of the pass", "monthly", "temporary", "staff", "blocked")]
    revision: Annotated[int, says("the revision that the pass has, or had, in the registry")]
    by: By
    via: Via


class PassIssued(RegistryRow, frozen=True, kw_only=True, gc=False):
    """A pass was made."""

    type: ClassVar[str] = "pass.issued"


class PassChanged(RegistryRow, frozen=True, kw_only=True, gc=False):
    """A pass was changed."""

    type: ClassVar[str] = "pass.changed"


class PassRemoved(RegistryRow, frozen=True, kw_only=True, gc=False):
    """A pass was removed."""

    type: ClassVar[str] = "pass.removed"


class PassExpiring(PassRow, frozen=True, kw_only=True, gc=False):
    """With a grant, once a day and pass: the pass ends soon."""

    type: ClassVar[str] = "pass.expiring"

    days_left: Annotated[int | None, says("days until it ends")]
    valid_until: Annotated[str, says("its last valid day, or the instant at which it ends")]
    lane: Annotated[str, says("id of the lane where it was shown")]
    day: Annotated[str, says("the day in site time")]


class PassesImported(Row, frozen=True, kw_only=True, gc=False):
    """One event for a whole file or batch of passes."""

    type: ClassVar[str] = "passes.imported"
    subjects: ClassVar[str] = "passes"

    count: Annotated[int, says("passes in the file")]
    created: Annotated[int, says("passes that are new")]
    changed: Annotated[int, says("passes that were changed")]
    removed: Annotated[int, says("passes that were removed, since the file replaces all")]
    digest: Annotated[str, says("SHA-256 of what was imported, in hex")]
    replace: Annotated[bool, says("true: passes that are not in the file were removed")]
    by: By
    via: Via

    def subject(self, _gateway: str, /) -> str:
        return "passes"
