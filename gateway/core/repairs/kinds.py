"""The kinds and urgency classes of repair orders, declared once: the book, the reference and the words follow them."""

from __future__ import annotations

from gateway.core.codes import DeclaredCode


class Urgency(DeclaredCode):
    """How urgent a repair is; the due times are in the site file (`repairs`). In order: the most urgent first."""

    URGENT = "urgent", "vehicles or people cannot pass safely, or a lane is out of use"
    NORMAL = "normal", "the lane works, but not as it should"
    PLANNED = "planned", "maintenance that has a date"

    def rises_to(self, other: Urgency) -> Urgency:
        """The more urgent of both."""
        order = list(Urgency)
        return min(self, other, key=order.index)


class RepairKind(DeclaredCode):
    """What opened a repair order, with its urgency and meaning."""

    urgency: Urgency

    def __init__(self, code: str, urgency: Urgency = Urgency.NORMAL, meaning: str = "") -> None:
        super().__init__(code, meaning)
        self.urgency = urgency

    DEVICE_LOST = "device_lost", Urgency.URGENT, "a device does not answer"
    CONTROLLER_FAULT = "controller_fault", Urgency.URGENT, "a barrier's controller reports a fault"
    VIDEO_LOST = "video_lost", Urgency.NORMAL, "a camera does not answer"
    STUCK = "stuck", Urgency.URGENT, "a loop or limit switch stays on or off, or its contact chatters"
    OBSTRUCTED = "obstructed", Urgency.NORMAL, "a movement of the arm did not finish"
    NOT_FOLLOWED = "not_followed", Urgency.URGENT, "the arm did not follow a command"
    CRASH = "crash", Urgency.URGENT, "the arm was struck or torn off"
    STRUCK_VEHICLE = "struck_vehicle", Urgency.URGENT, "the arm came down on a vehicle"
    FORCED = "forced", Urgency.NORMAL, "a person found that the arm was really forced: look for damage"
    FALSE_ALARM = "false_alarm", Urgency.NORMAL, "a person found an alarm false: what told it needs repair"
    SERVICE = "service", Urgency.PLANNED, "a barrier has passed a service limit"
    FINDING = "finding", Urgency.NORMAL, "opened by hand"
