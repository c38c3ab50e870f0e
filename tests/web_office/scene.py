"""A site on which the office has worked, and the addresses of its pages."""

from __future__ import annotations

from tests.engine.settings.conftest import until
from tests.engine.visits.paying import PayingGate
from tests.support.engine import Running
from tests.support.waiting import wait_until
from tests.web_installer.conftest import Desk
from tests.web_office.conftest import GUARD

SLIPS = (
    {"unit": "3栋1201", "goods": "立式钢琴一架,纸箱十二个,两米沙发一张", "plate": "粤B12345", "asked_by": "owner"},
    {"unit": "1栋302", "goods": "自行车", "carrier": "other", "asked_by": "tenant"},
    {"unit": "2栋1502", "goods": "冰箱"},
    {"unit": "4-201", "goods": "a desk, two chairs and eleven boxes of books", "asked_by": "firm"},
)

VISITORS = (
    {
        "plate": "粤B12345",
        "room": "3栋1201",
        "purpose": "moving",
        "people": "4",
        "vehicle_class": "truck",
        "goods": "yes",
    },
    {"plate": "粤BD12345", "room": "Tower 7, eleventh floor, the studio at the end", "purpose": "repair"},
    {"plate": "", "room": "1栋302", "purpose": "guest", "people": "2"},
)


def filled(gate: Running, office: Desk) -> list[str]:
    """Slips in every state; the addresses of all pages of the office."""
    paths = []
    for number, slip in enumerate(SLIPS):
        answer = office.post("/office/slips", request=f"scene{number}", **slip)
        paths.append(str(answer.location).partition("?")[0])
    slips = [one.rpartition("/")[2] for one in paths]
    gate.client.call("slips.use", slip=slips[2], lane="out", case="c1", by=GUARD, via="guard", station="")
    office.post(f"{paths[3]}/cancel", reason="搬家改期到下周六上午")
    visits = visitors(gate, office)
    return [
        "/office/visitors",
        "/office/visitors?state=inside",
        *visits,
        "/office/slips",
        "/office/slips?state=",
        *paths,
        f"{paths[0]}/paper",
        f"{paths[3]}/paper",
    ]


def owes(till: PayingGate) -> None:
    """The visitor is released as owed, and leaves."""
    till.leaves()
    until(lambda: till.lane("out")["case"])
    order = {"lane": "out", "by": GUARD, "via": "guard", "command": "owe", "reason": "no_money"}
    assert till.client.call("lane.command", request="o1", **order)["status"] == "done"
    wait_until(lambda: till.engine._stores.state.owed("", 10), what="owed")
    till.drives_out()
    wait_until(lambda: till.engine._stores.state.visits("ended"), what="left")


def visitors(gate: Running, office: Desk) -> list[str]:
    """An expected visitor, one inside and a cancelled one; their addresses."""
    for number, more in enumerate(VISITORS):
        office.post("/office/visitors", request=f"scene{number}", **more)
    found = [str(row.data()["visit"]) for row in gate.rows("visit.announced")]
    paths = [f"/office/visits/{one}" for one in found]
    gate.client.call("visit.command", request="c", verb="came", visit=found[1], reason="seen", by=GUARD, via="guard")
    wait_until(lambda: "场内" in office.text(paths[1]), what="inside")
    office.post(f"{paths[2]}/cancel")
    return paths
