"""The rows of the journal: each type declared once, with its subject, its fields in stored order and their meaning."""

from gateway.core.vocabulary.rows.access import (
    AccessDenied,
    AccessGranted,
    AccessGrantedByHand,
    AccessReferred,
    ButtonReferred,
    CaseRefused,
    CaseReleased,
    CaseReported,
    CaseRow,
    DecisionRow,
    GrantUnused,
)
from gateway.core.vocabulary.rows.alarms import (
    AlarmAcknowledged,
    AlarmClosed,
    AlarmEscalated,
    AlarmRaised,
    AlarmRefined,
    AlarmReturned,
    AlarmRow,
    AlarmShelved,
    AlarmUnshelved,
    AlarmVerified,
)
from gateway.core.vocabulary.rows.audit import (
    CodeIssued,
    InstallModeEnded,
    InstallModeSet,
    OperatorRow,
    OperatorSignedIn,
    OperatorSignedOut,
    StationKeyMade,
    TokenCreated,
    TokenRevoked,
)
from gateway.core.vocabulary.rows.barrier import (
    BarrierClosed,
    BarrierCommanded,
    BarrierCrashed,
    BarrierForced,
    BarrierHeld,
    BarrierLocked,
    BarrierLooked,
    BarrierNotFollowed,
    BarrierObstructed,
    BarrierOpened,
    BarrierReleased,
    BarrierReset,
    BarrierStopped,
    BarrierStruckVehicle,
    BarrierStuck,
    BarrierUnlocked,
    IncidentRow,
    MovementRow,
    OrderRow,
    ServiceDue,
    ServiceOver,
    ServiceRow,
)
from gateway.core.vocabulary.rows.base import UNSET, Credential, LaneRow, LastGrant, Row, UnsetType, Who
from gateway.core.vocabulary.rows.declared import TYPES, read
from gateway.core.vocabulary.rows.health import (
    ClockChanged,
    DeviceLost,
    DeviceRestored,
    DeviceRow,
    GatewayStarted,
    GatewayStopped,
    JournalGap,
    KeptMark,
    StorageDegraded,
    StorageRestored,
    UplinkLost,
    UplinkRestored,
)
from gateway.core.vocabulary.rows.passage import (
    PassageEntered,
    PassageExited,
    PassageReversed,
    PassageRow,
    PassageTailgated,
)
from gateway.core.vocabulary.rows.passes import (
    PassChanged,
    PassesImported,
    PassExpiring,
    PassIssued,
    PassRemoved,
    RegistryRow,
)

__all__ = [
    "TYPES", "UNSET", "AccessDenied", "AccessGranted", "AccessGrantedByHand", "AccessReferred", "AlarmAcknowledged",
    "AlarmClosed", "AlarmEscalated", "AlarmRaised", "AlarmRefined", "AlarmReturned", "AlarmRow", "AlarmShelved",
    "AlarmUnshelved", "AlarmVerified", "BarrierClosed", "BarrierCommanded", "BarrierCrashed", "BarrierForced",
    "BarrierHeld", "BarrierLocked", "BarrierLooked", "BarrierNotFollowed", "BarrierObstructed", "BarrierOpened",
    "BarrierReleased", "BarrierReset", "BarrierStopped", "BarrierStruckVehicle", "BarrierStuck", "BarrierUnlocked",
    "ButtonReferred", "CaseRefused", "CaseReleased", "CaseReported", "CaseRow", "ClockChanged", "CodeIssued",
    "Credential", "DecisionRow", "DeviceLost", "DeviceRestored", "DeviceRow", "GatewayStarted", "GatewayStopped",
    "GrantUnused", "IncidentRow", "InstallModeEnded", "InstallModeSet", "JournalGap", "KeptMark", "LaneRow",
    "LastGrant", "MovementRow", "OperatorRow", "OperatorSignedIn", "OperatorSignedOut", "OrderRow", "PassChanged",
    "PassExpiring", "PassIssued", "PassRemoved", "PassageEntered", "PassageExited", "PassageReversed", "PassageRow",
    "PassageTailgated", "PassesImported", "RegistryRow", "Row", "ServiceDue", "ServiceOver", "ServiceRow",
    "StationKeyMade", "StorageDegraded", "StorageRestored", "TokenCreated", "TokenRevoked", "UnsetType", "UplinkLost",
    "UplinkRestored", "Who", "read",
]  # fmt: skip
