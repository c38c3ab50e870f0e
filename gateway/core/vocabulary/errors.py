"""Every error that Gatehouse raises on purpose. The message says what is wrong and what to do about it."""

from __future__ import annotations


class GatehouseError(Exception):
    """Anything Gatehouse refuses or fails at on purpose; `code` is stable and safe to build on."""

    code = "error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code


class SettingsError(GatehouseError):
    """A site file or settings document is wrong; `problems` lists (path, message) pairs, all that were found."""

    code = "settings_invalid"

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        self.problems = problems
        super().__init__("\n".join(f"{path}: {message}" if path else message for path, message in problems))


class PassError(GatehouseError):
    """A pass is not written as it should be."""

    code = "pass_invalid"


class RevisionConflictError(GatehouseError):
    """Somebody else changed the pass in the meantime; read it again and repeat the change."""

    code = "revision_conflict"


class NotFoundError(GatehouseError):
    """There is no such pass, lane, alarm, device or token."""

    code = "not_found"


class RefusedError(GatehouseError):
    """A command that does not fit the present state; nothing was changed."""

    code = "refused"


class StorageError(GatehouseError):
    """The disk did not take what was to be stored (full, read-only or failing); nothing of it was stored."""

    code = "storage_failed"


class JournalBrokenError(GatehouseError):
    """The journal's chain or file is damaged; `sequence` is the first bad row, 0 when the file cannot be read."""

    code = "journal_broken"

    def __init__(self, message: str, sequence: int = 0) -> None:
        self.sequence = sequence
        super().__init__(message)


class CursorError(GatehouseError):
    """A feed cursor that cannot be read; it should look like `<journal id>.<sequence>`."""

    code = "cursor_invalid"


class InUseError(GatehouseError):
    """Another engine owns the data directory."""

    code = "in_use"


class DataDirectoryError(GatehouseError):
    """The data directory is missing, not one of Gatehouse's, or made by a newer version."""

    code = "data_directory"


class DamagedError(DataDirectoryError):
    """A database's file is damaged or is none of Gatehouse's: the engine sets it aside at its next start."""


class DriverError(GatehouseError):
    """A driver is unknown or its options are wrong."""

    code = "driver"


class DeviceError(GatehouseError):
    """A device or its wire failed; its worker tries again by itself."""

    code = "device"


class BusSilentError(DeviceError):
    """No answer within the device's time-out."""

    code = "bus_silent"


class FrameError(DeviceError):
    """Bytes came that are not a frame of this protocol."""

    code = "frame_invalid"


class EngineUnreachableError(GatehouseError):
    """Nobody answers at the control socket; start the engine or look at its log."""

    code = "engine_unreachable"


class RequestError(GatehouseError):
    """A request at the control socket is not written as it should be."""

    code = "request_invalid"


class IdempotencyConflictError(GatehouseError):
    """A request key was used before with another body; take a new key for a new request."""

    code = "idempotency_conflict"


class BusyError(GatehouseError):
    """The engine has too much to do for this now; nothing was changed, try again shortly."""

    code = "busy"
