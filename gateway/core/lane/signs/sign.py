"""What people at a lane see and hear: displays, readers that can show, the lane's lamps, a reader's lamp and buzzer.

Nothing here moves an arm, and no arm waits for it: the signal for a grant goes out behind the order to open. A sign
ends when what it is about has ended, and then the idle one is shown again. A lane that opens for no card says so before
it welcomes anybody, and no sign tells a driver to go before the arm is measured open. Nothing personal is shown: a
plate stands on the car already, and of a card there are only the last digits.
"""

from __future__ import annotations

from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec

from gateway.core.charges.bill import Bill
from gateway.core.money.sums import money
from gateway.core.settings.model import Direction, Lane, Point
from gateway.core.vocabulary.commands import PulseOutput, SetOutput, ShowOnDevice
from gateway.core.vocabulary.events import ClockState, Now
from gateway.core.vocabulary.reasons import Reason
from gateway.core.vocabulary.rows import Credential
from gateway.core.vocabulary.timers import Timer
from gateway.core.vocabulary.times import local_time
from gateway.core.vocabulary.turn import Turn

SHOWN_MS = 10_000
LAMP_RETRY_MS = 1000
CARD_DIGITS = 4
VERDICTS = ("granted", "denied", "referred", "idle", "locked", "wait")
"""What a lane may say; a display has lines for each."""
Words = tuple[str, str]

# (en, zh_CN); short, since a lane's display has few places. A reason that is not here says what its verdict says.
_WORDS: dict[str, Words] = {
    "granted": ("Please drive on", "请通行"),
    "denied": ("Please ask the guard", "请联系岗亭"),
    "referred": ("Please wait for the guard", "请等待工作人员"),
    "locked": ("Lane closed", "车道关闭"),
    "wait": ("One more proof, please", "请再验证一次"),
    "unknown_credential": ("Not registered", "未登记,请联系岗亭"),
    "not_yet_valid": ("Not valid yet", "未到生效日期"),
    "expired": ("Pass has expired", "月卡已过期"),
    "outside_schedule": ("Not at this hour", "不在允许时段"),
    "wrong_lane": ("Please use another lane", "请走其他车道"),
    "already_inside": ("Inside already", "车辆已在场内"),
    "not_inside": ("No entry on record", "无入场记录"),
    "plate_mismatch": ("Card and plate differ", "车牌与卡不符"),
    "car_park_full": ("Car park full", "车位已满"),
    "places_full": ("Your places are taken", "您的车位已满"),
    "unpaid": ("Please pay first", "请先缴费"),
    "slip_missing": ("Please wait for the guard", "请等待保安核对"),
    "hazardous_load": ("Load not allowed", "危险品禁止入内"),
    "lane_locked": ("Lane closed", "车道关闭"),
    "lane_crashed": ("Lane closed", "车道关闭"),
    "paused": ("Please wait", "请稍候"),
}
_HELP = ("device_lost", "stopped", "interrupted", "fault", "no_answer")
_WORDS |= dict.fromkeys(_HELP, _WORDS["referred"])
CANNOT_OPEN = {**dict.fromkeys(("lane_locked", "lane_crashed", *_HELP), "locked"), "paused": "wait"}
"""What a lane that opens for no card shows (`LaneParts.cannot_open`): the reason and its verdict."""
_INVITES = ("granted", "wait")
_WELCOME: dict[tuple[str, Direction], Words] = {
    ("idle", Direction.ENTRY): ("Welcome", "欢迎光临"),
    ("idle", Direction.EXIT): ("Drive carefully", "出入平安"),
    ("granted", Direction.ENTRY): ("Welcome back", "您好,您回来了"),
    ("granted", Direction.EXIT): ("Have a good trip", "一路平安"),
}
# The tag belongs to another lane: no person here to inform.
_SILENT = frozenset({"seen_elsewhere"})
Lamp = Literal["red", "green"]


def words(verdict: str, reason: str, direction: Direction, locale: str) -> str:
    """What a display says for a verdict and its reason, in the site's language."""
    welcome = _WELCOME.get((verdict, direction)) if verdict == "idle" or reason == "valid_pass" else None
    return _said(welcome or _WORDS.get(reason) or _WORDS[verdict], locale)


def sum_words(due: int, currency: str, locale: str) -> str:
    """What a display says of a sum that must be paid; it fits a line of 16 columns."""
    amount = money(due, currency)
    if locale == "zh_CN":
        return f"请缴费{amount}元" if currency == "CNY" else f"请缴费{amount} {currency}"
    return f"Pay {amount} {currency}"


def _said(found: Words, locale: str) -> str:
    return found[1] if locale == "zh_CN" else found[0]


class Around(msgspec.Struct, frozen=True):
    """What the lane knows that its signs and lamps follow.

    `cannot_open`: why no card opens the lane, or empty. `occupied`: a vehicle stands on the approach loop. `expected`:
    a vehicle was let in and has not passed. `drive`: the arm is measured open for this lane. `opening`: an order to
    open waits for its row. `measured`: the barrier's contacts have been read once.
    """

    cannot_open: str
    occupied: bool
    expected: bool
    drive: bool
    opening: bool
    measured: bool


class Sign:
    """The signs of one lane; `timer` is the name of its timer."""

    def __init__(self, lane: Lane, timer: Timer, locale: str, zone: ZoneInfo) -> None:
        self._lane = lane
        self._timer = timer
        self._locale = locale
        self._zone = zone
        self._devices = tuple(dict.fromkeys((*lane.displays, *lane.readers)))
        self._resting = self._make_resting()
        self._sign: dict[str, Any] | None = None
        self._go_sign: dict[str, Any] | None = None
        self._sign_was_occupied = False
        self._shown: dict[str, Any] | None = None
        self._signal: Point | None = None
        self._lamps: dict[Lamp, Point] = {
            name: point for name in ("green", "red") if (point := getattr(lane.lights, name)) is not None
        }
        self._away = {point.device for point in self._lamps.values()}
        self._lit: Lamp | None = None
        self._lamp_tokens: set[int] = set()

    def _make_resting(self) -> dict[str, dict[str, Any]]:
        """What is shown while nothing happens, by the reason why the lane opens for no card."""
        known = {"": "idle", **CANNOT_OPEN}
        return {reason: self._message(verdict, reason, None, None) for reason, verdict in known.items()}

    # ---- what happens

    def moves_to(self, locale: str, zone: ZoneInfo) -> None:
        """The site has another language or time zone: what is shown from now on follows it."""
        self._locale, self._zone = locale, zone
        self._resting = self._make_resting()

    def decided(
        self,
        turn: Turn,
        verdict: str,
        reason: str,
        credential: Credential | None,
        days_left: int | None,
        bill: Bill | None = None,
    ) -> None:
        """A credential or a person was decided on; also when the same one is presented again.

        `bill`: what the stay costs, whose sum is shown where it must be paid; once it is, a person decides.
        """
        if reason in _SILENT:
            return
        self._begin(turn, verdict, reason, credential, days_left)
        if reason == Reason.UNPAID and bill is not None and self._sign is not None:
            paid = _said(_WORDS[verdict], self._locale)
            said = sum_words(bill.due, bill.currency, self._locale) if bill.due else paid
            self._sign = {**self._sign, "words": said}
        signals = self._lane.signals
        self._signal = signals.granted if verdict == "granted" else signals.denied

    def direct(self, turn: Turn, shown: str) -> None:
        """A visitor who was let in is shown where to go, once the arm is measured open."""
        if self._sign is not None and self._sign["verdict"] == "granted":
            self._go_sign = {**(self._go_sign or self._sign), "words": shown}
            turn.show()

    def wait(self, turn: Turn, credential: Credential) -> None:
        """The first of two proofs was read."""
        self._begin(turn, "wait", "second_factor", credential, None)

    def _begin(
        self, turn: Turn, verdict: str, reason: str, credential: Credential | None, days_left: int | None
    ) -> None:
        self._sign, self._go_sign = self._message(verdict, reason, credential, days_left), None
        if verdict == "granted" and self._sign["words"] == _said(_WORDS["granted"], self._locale):
            self._go_sign = self._sign
            self._sign = {**self._go_sign, "words": _said(_WORDS["paused"], self._locale)}
        self._sign_was_occupied = False
        turn.start(self._timer, SHOWN_MS)
        turn.show()

    def time_over(self, turn: Turn) -> None:
        """A refusal or a wait has been shown long enough; a grant is shown until it is used."""
        if self._sign is not None and self._sign["verdict"] != "granted":
            self._sign = self._go_sign = None
        turn.show()

    def device_lost(self, device: str) -> None:
        """The board with the lamps does not answer."""
        if any(point.device == device for point in self._lamps.values()):
            self._away.add(device)
            self._lit = None

    def device_restored(self, turn: Turn, device: str, outputs: tuple[bool, ...]) -> None:
        """A device answers: lamps are set anew, a display shows what holds now, a signal left on is let go."""
        self._away.discard(device)
        self._lit = None
        if device in self._devices:
            self._shown = None
        signals = self._lane.signals
        for point in (signals.granted, signals.denied):
            if point is not None and point.left_on(device, outputs):
                turn.emit(SetOutput(device, point.index, point.means(False)))

    def output_failed(self, turn: Turn, token: int) -> None:
        """A lamp may not be what it should be: it is set again after a moment."""
        if token in self._lamp_tokens:
            self._lamp_tokens.discard(token)
            self._lit = None
            turn.start(self._timer._replace(name="lamp"), LAMP_RETRY_MS)

    def output_done(self, token: int) -> None:
        """A lamp was set."""
        self._lamp_tokens.discard(token)

    # ---- what is shown

    @property
    def tells_to_drive(self) -> bool:
        """Whether the lane has a traffic light, or a sign that changes when drivers may go."""
        return bool(self._lamps) or self._go_sign is not None

    def rests(self, cannot_open: str) -> bool:
        """Whether there is nothing to bring up to date: the commonest case, asked at every turn."""
        busy = self._lamps or self._sign is not None or self._signal is not None
        return not busy and self._shown is self._resting[cannot_open]

    def update(self, turn: Turn, around: Around) -> None:
        """Bring signs, lamps and signals up to date; at the end of a turn that changed something."""
        self._end(around)
        self._show(turn, around)
        if around.measured:
            self._light(turn, "green" if around.drive else "red")
        if self._signal is not None and not around.opening:
            point, self._signal = self._signal, None
            duration_ms = self._lane.signals.pulse_ms
            turn.emit(PulseOutput(point.device, point.index, duration_ms, 0, point.means(True)))

    def _end(self, around: Around) -> None:
        """Forget a sign whose vehicle has passed, gone, or may no longer pass."""
        if self._sign is None:
            return
        if self._sign["verdict"] == "granted":
            over = around.cannot_open in ("lane_locked", "lane_crashed") or not around.expected
        else:
            over = self._sign_was_occupied and not around.occupied
        self._sign_was_occupied = around.occupied
        if over:
            self._sign = self._go_sign = None

    def _show(self, turn: Turn, around: Around) -> None:
        sign = self._go_sign if self._go_sign is not None and around.drive else self._sign
        if sign is not None and around.cannot_open and sign["verdict"] in _INVITES:
            sign = None
        message = sign or self._resting[around.cannot_open]
        if message is self._shown:
            return
        self._shown = message
        for device in self._devices:
            turn.emit(ShowOnDevice(device, {**message, "time": self._time(turn.now)}))

    def _message(
        self, verdict: str, reason: str, credential: Credential | None, days_left: int | None
    ) -> dict[str, Any]:
        kind, value = (credential.kind, credential.value) if credential else ("", "")
        return {
            "verdict": verdict,
            "reason": reason,
            "lane": self._lane.name,
            "plate": value if kind == "plate" else None,
            "card": value[-CARD_DIGITS:] if kind == "card" else None,
            "days_left": days_left,
            "words": words(verdict, reason, self._lane.direction, self._locale),
        }

    def _time(self, now: Now) -> str | None:
        """The time of day on site; None while the clock is unset."""
        if now.clock is ClockState.UNSET:
            return None
        local = local_time(now.wall_ns, self._zone)
        return f"{local.hour:02d}:{local.minute:02d}"

    def _light(self, turn: Turn, lamp: Lamp) -> None:
        """One lamp on and the other off; off first, so that never both are on."""
        if self._lit == lamp or self._away:
            return
        self._lit = lamp
        self._lamp_tokens.clear()
        for name, point in sorted(self._lamps.items(), key=lambda one: one[0] == lamp):
            token = turn.token()
            self._lamp_tokens.add(token)
            turn.emit(SetOutput(point.device, point.index, point.means(name == lamp), token))
