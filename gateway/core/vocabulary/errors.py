"""Every error that Gatehouse raises on purpose. The message says what is wrong and what to do about it."""

from __future__ import annotations

from gateway.core.vocabulary.times import NS_PER_S, rfc3339


class GatehouseError(Exception):
    """Base of all refusals and failures; `code` is stable."""

    code = "error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code


class SettingsError(GatehouseError):
    """A site file or settings document is wrong; `problems` has all (path, message) pairs.

    `document`: what was checked; None if the caller of the check has not set it.
    """

    code = "settings_invalid"
    document: object = None

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        self.problems = problems
        super().__init__("\n".join(f"{path}: {message}" if path else message for path, message in problems))


class PassError(GatehouseError):
    """A pass is malformed."""

    code = "pass_invalid"


class VisitError(GatehouseError):
    """What is said of a visitor is malformed."""

    code = "visit_invalid"


class VisitConflictError(GatehouseError):
    """The visit is over, or its plate or card is of another visitor at the same time; nothing was changed."""

    code = "visit_conflict"


class IdentityError(GatehouseError):
    """The number of an identity document is malformed; the text never has the number."""

    code = "identity_invalid"


class IdentityStepError(GatehouseError):
    """The step does not fit how far the check of a driver without a card is; nothing was changed."""

    code = "identity_step"


class ListedError(GatehouseError):
    """What is said of an entry of a list of vehicles is malformed, or the lists are full."""

    code = "listed_invalid"


class SlipError(GatehouseError):
    """What is said of a release slip is malformed."""

    code = "slip_invalid"


class SlipConflictError(GatehouseError):
    """The release slip was used, is cancelled, has ended or is not confirmed; nothing was changed."""

    code = "slip_conflict"


class RevisionConflictError(GatehouseError):
    """The pass was changed in the meantime; read it again and repeat the change."""

    code = "revision_conflict"


class ConflictError(GatehouseError):
    """Another author has changed the settings meanwhile, or has a change to confirm; the text says who and when."""

    code = "settings_conflict"


class NotFoundError(GatehouseError):
    """There is no such pass, lane, alarm, device or token."""

    code = "not_found"


class RefusedError(GatehouseError):
    """A command does not fit the present state; nothing was changed."""

    code = "refused"


class ArmMovesError(RefusedError):
    """That output moves the arm of a lane, which the request does not name; nothing was moved."""

    code = "arm_moves"


class LaneRefusesError(RefusedError):
    """The lane does not move its arm now, for a `reason` as in `Refusal`; nothing was moved."""

    code = "lane_refuses"

    @property
    def reason(self) -> str:
        """The code of the reason, with which the message ends."""
        return str(self).rpartition(": ")[2]


class LaneTaggedError(RefusedError):
    """The lane carries a tag, and the request does not say that its author has seen it; nothing was moved."""

    code = "lane_tagged"


class NotRecordedError(RefusedError):
    """The journal does not take the record of a trial, so the trial was not made."""

    code = "not_recorded"

    def __init__(self, message: str = "") -> None:
        super().__init__(message or "the journal does not take the record of it now; nothing was done")


class StorageError(GatehouseError):
    """The disk is full, read-only or failing; nothing was stored."""

    code = "storage_failed"


class JournalBrokenError(GatehouseError):
    """The journal's chain or file is damaged; `sequence` is the first bad row, 0 if the file cannot be read."""

    code = "journal_broken"

    def __init__(self, message: str, sequence: int = 0) -> None:
        self.sequence = sequence
        super().__init__(message)


class CursorError(GatehouseError):
    """A feed cursor is malformed; the form is `<journal id>.<sequence>`."""

    code = "cursor_invalid"


class InUseError(GatehouseError):
    """Another engine owns the data directory."""

    code = "in_use"


class DataDirectoryError(GatehouseError):
    """The data directory is missing, not one of Gatehouse's, or made by a newer version."""

    code = "data_directory"


class DamagedError(DataDirectoryError):
    """A database file is damaged or foreign; the engine sets it aside at its next start."""


class BackupError(GatehouseError):
    """A backup cannot be made or read; nothing was changed."""

    code = "backup_failed"


class DriverError(GatehouseError):
    """A driver is unknown or its options are wrong."""

    code = "driver"


class DeviceError(GatehouseError):
    """A device or its wire failed; its worker tries again."""

    code = "device"


class BusSilentError(DeviceError):
    """No answer within the device's time-out."""

    code = "bus_silent"


class FrameError(DeviceError):
    """The bytes are not a frame of this protocol."""

    code = "frame_invalid"


class EngineUnreachableError(GatehouseError):
    """No engine answers at the control socket; start it or look at its log."""

    code = "engine_unreachable"


class RequestError(GatehouseError):
    """A request at the control socket is malformed."""

    code = "request_invalid"


class IdempotencyConflictError(GatehouseError):
    """A request key was used with another body; use a new key for a new request."""

    code = "idempotency_conflict"


class BusyError(GatehouseError):
    """The engine is too busy; nothing was changed, try again shortly."""

    code = "busy"


# ---- errors of the program: kind and place, never the text, which may name a person


def error_place(error: BaseException) -> str:
    """For example `OverflowError at access.py:291 in days_left`."""
    trace = error.__traceback__
    if trace is None:
        return type(error).__name__
    while trace.tb_next is not None:
        trace = trace.tb_next
    code = trace.tb_frame.f_code
    return f"{type(error).__name__} at {code.co_filename.rpartition('/')[2]}:{trace.tb_lineno} in {code.co_name}"


def fault_file(wall_ns: int) -> str:
    """The name of the file for the event of this moment; names sort by time."""
    second = rfc3339(wall_ns)[:19].replace("-", "").replace(":", "")
    return f"{second}.{wall_ns % NS_PER_S:09d}Z.json"
