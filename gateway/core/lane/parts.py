"""The parts of a lane: each owns its state, changes it by its own table, and knows nothing of the others."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from gateway.core.access.pending import Cases
from gateway.core.alarms.desk import AlarmDesk
from gateway.core.lane.arm.answer import Answer
from gateway.core.lane.arm.arm import Arm
from gateway.core.lane.arm.closing import Closing
from gateway.core.lane.arm.limits import Limits
from gateway.core.lane.arm.movement import MovementUnderWay
from gateway.core.lane.arm.search import CauseSearch
from gateway.core.lane.arm.table import ArmState
from gateway.core.lane.arm.tally import Tally
from gateway.core.lane.arm.terminals import Motion, Terminals
from gateway.core.lane.arm.travel import Travel
from gateway.core.lane.contacts.boards import Boards
from gateway.core.lane.contacts.detectors import Detectors
from gateway.core.lane.contacts.inputs import Inputs, points_of
from gateway.core.lane.grants.queue import GrantQueue
from gateway.core.lane.interlock import Interlock
from gateway.core.lane.memory import LaneMemory
from gateway.core.lane.modes.fire import Fires
from gateway.core.lane.modes.hold import Hold
from gateway.core.lane.modes.interruption import Interruption
from gateway.core.lane.modes.modes import Mode, Modes
from gateway.core.lane.modes.notices import Notice, Notices
from gateway.core.lane.modes.pause import Pause
from gateway.core.lane.modes.question import Question
from gateway.core.lane.modes.siren import Siren
from gateway.core.lane.modes.tag import Tag
from gateway.core.lane.people.decisions import LastDecisions
from gateway.core.lane.records import LaneAlarms, Records
from gateway.core.lane.service import Service
from gateway.core.lane.signs.sign import Sign
from gateway.core.lane.traffic.arrivals import Arrivals
from gateway.core.lane.traffic.by_hand import ByHand
from gateway.core.lane.traffic.crossing import Crossing
from gateway.core.lane.traffic.opening import Opening
from gateway.core.lane.traffic.passages import ChargedVisits, Passages
from gateway.core.lane.wiring import Wiring
from gateway.core.settings.model import Barrier, Lane, Site
from gateway.core.vocabulary.turn import Ids


class LaneParts:
    """All parts of one barrier with its lanes; the pages of the lane say what follows from one for another."""

    def __init__(
        self,
        barrier: Barrier,
        lanes: tuple[Lane, ...],
        desk: AlarmDesk,
        ids: Ids,
        memory: LaneMemory,
        site: Site,
        fires: Fires,
        charged: ChargedVisits | None = None,
    ) -> None:
        self.wiring = wiring = Wiring(barrier, lanes)
        self.ids = ids
        self.desk = desk
        self.fires = fires
        self.interlock = Interlock()
        self._make_contacts(wiring)
        self._make_arm(wiring)
        self._make_rule(wiring, memory)
        self._make_traffic(wiring, memory, charged)
        zone = ZoneInfo(site.timezone)
        self.service = Service(barrier, wiring.home.id, zone, self.travel, memory.service)
        self.signs = {lane.id: Sign(lane, wiring.timer("sign", lane.id), site.locale, zone) for lane in lanes}
        self.decisions = LastDecisions(memory.latest, goods_slip=site.goods_slip)
        self.records = Records(wiring, self.inputs, self.grants, self.tag, self.service)
        self.alarms = LaneAlarms(wiring, self.tag, desk)

    def _make_contacts(self, wiring: Wiring) -> None:
        self.inputs = Inputs(wiring.barrier.id, points_of(wiring.barrier, wiring.lanes))
        self.detectors = Detectors(wiring, self.inputs)
        self.limits = Limits(wiring, self.inputs)
        self.boards = Boards(self.inputs.devices(), (point.device for point in wiring.barrier.outputs().values()))

    def _make_arm(self, wiring: Wiring) -> None:
        barrier = wiring.barrier
        self.terminals = Terminals(barrier)
        self.arm = Arm(self.limits)
        self.movement = MovementUnderWay()
        self.search = CauseSearch()
        self.answer = Answer()
        self.tally = Tally()
        self.closing = Closing(wiring.timer("clear"), barrier.auto_close_ms)
        self.travel = Travel(barrier.travel_time_ms)

    def _make_rule(self, wiring: Wiring, memory: LaneMemory) -> None:
        self.modes = Modes(crashed=memory.crashed, tagged=memory.tag is not None)
        self.tag = Tag(memory.tag)
        self.hold = Hold(wiring.timer("hold"), wiring.home)
        self.interruption = Interruption(memory.interrupted)
        self.pause = Pause(wiring.timer("pause"))
        self.question = Question(wiring.timer("question"), memory.question)
        self.notices = Notices()
        self.siren = Siren(wiring.lanes, wiring.timer("siren"))

    def _make_traffic(self, wiring: Wiring, memory: LaneMemory, charged: ChargedVisits | None) -> None:
        latest = memory.latest.items()
        before = max((one.grant for _, one in latest if one.grant), key=lambda grant: grant.at, default=None)
        self.grants = GrantQueue(wiring.timer("grant"), wiring.barrier.grant_ms, before)
        self.crossing = Crossing(wiring, self.detectors)
        self.arrivals = Arrivals()
        self.opening = Opening()
        last = {lane: one.passage for lane, one in latest if one.passage}
        self.passages = Passages(wiring, self.ids, last, charged)
        self.by_hand = ByHand()
        self.cases = Cases()

    # ---- what several parts together say

    @property
    def at_rest(self) -> bool:
        """The arm is down, nothing was asked of it and no person is waited for: there is nothing that a stop stops."""
        terminals = self.terminals
        asked = terminals.asked("open") or terminals.asked("close") or terminals.underway("open")
        waits = self.interruption.active or self.question.asked or self.modes.stays_up
        return self.arm.closed and not asked and not waits

    @property
    def cannot_open(self) -> str | None:
        """Why no card opens these lanes now, as a code; None when one does."""
        if not self.modes.moves:
            return "lane_locked" if Mode.LOCKED in self.modes else "lane_crashed"
        position_lost = self.arm.state is ArmState.UNKNOWN and self.boards.contacts_away
        if self.boards.is_away(self.terminals.device("open")) or position_lost:
            return "device_lost"
        if self.interruption.active or self.arm.state is ArmState.STOPPED:
            return "stopped" if self.arm.state is ArmState.STOPPED else "interrupted"
        if self.arm.state in (ArmState.BETWEEN, ArmState.UNKNOWN) or self.inputs.value("fault"):
            return "fault"
        if self.answer.missing:
            return "no_answer"
        return "paused" if self.pause.active else None

    @property
    def requested(self) -> Motion | None:
        """What the arm was asked for and is not seen to do yet; one more pulse for it is no other order."""
        waiting = self.terminals.requested
        if waiting is None or waiting.cause == "retry":
            return self.movement.order or waiting
        return waiting

    @property
    def open_or_about_to_be(self) -> bool:
        """What an interlocked barrier must wait for."""
        return not self.arm.closed or self.terminals.asked("open")

    @property
    def shown_notice(self) -> Notice | None:
        """What people are asked for: what a person must answer first, then what lasts."""
        if self.question.asked:
            return "arm_whole"
        if self.notices.told is not None:
            return self.notices.told
        if self.inputs.value("fault"):
            return "controller_fault"
        return "cycles_high" if self.service.cycles_high else None
