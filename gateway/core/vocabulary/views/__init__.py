"""What people and central see of lanes, alarms, visits and devices: each key declared once, with its meaning."""

from gateway.core.vocabulary.views.acceptance import (
    AcceptanceView,
    LostView,
    PointView,
    SignatureView,
    TickView,
)
from gateway.core.vocabulary.views.alarm import AlarmState, AlarmView
from gateway.core.vocabulary.views.base import View
from gateway.core.vocabulary.views.charge import ChargeLine, ChargeView, DebtView
from gateway.core.vocabulary.views.gateway import (
    CentralView,
    CoreView,
    DeviceView,
    GatewayView,
    JournalView,
    SiteView,
    Snapshot,
    UplinkView,
)
from gateway.core.vocabulary.views.lane import (
    Case,
    Handled,
    Hold,
    LaneState,
    LaneView,
    LastDecision,
    LastPassage,
    Pause,
    PileCard,
    Requested,
    ServiceNotice,
    Tag,
    WaitingGrant,
)
from gateway.core.vocabulary.views.listed import ListedView
from gateway.core.vocabulary.views.person import PersonView
from gateway.core.vocabulary.views.repair import RepairsView, RepairView, overdue
from gateway.core.vocabulary.views.slip import SlipView
from gateway.core.vocabulary.views.visit import CountSet, InsideView, VisitView

__all__ = [
    "AcceptanceView", "AlarmState", "AlarmView", "Case", "CentralView", "ChargeLine", "ChargeView", "CoreView",
    "CountSet", "DebtView", "DeviceView", "GatewayView", "Handled", "Hold", "InsideView", "JournalView", "LaneState",
    "LaneView", "LastDecision", "LastPassage", "ListedView", "LostView", "Pause", "PersonView", "PileCard", "PointView",
    "RepairView", "RepairsView", "Requested", "ServiceNotice", "SignatureView", "SiteView", "SlipView", "Snapshot",
    "Tag", "TickView", "UplinkView", "View", "VisitView", "WaitingGrant", "overdue",
]  # fmt: skip
