"""What comes after the first set-up, for an installer whose site has no lanes yet."""

from __future__ import annotations

from web.people.operators import Operator
from web.platform.pages import page
from web.platform.services import services
from web.setup.page import SHEETS

# The steps, each by the key of its words, with the commands that do it.
STEPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("discover", ("gatehouse discover",)),
    (
        "lanes",
        ("gatehouse site export > site.json", "gatehouse check --site site.json", "gatehouse site apply site.json"),
    ),
    ("people", ("gatehouse operator add NAME --role guard",)),
    ("passes", ("gatehouse passes import FILE",)),
)


def is_next(operator: Operator) -> bool:
    """Whether this operator is to see what comes next."""
    return operator.role == "installer" and not services().site.document().get("lanes")


def next_page(operator: Operator) -> str:
    """The steps, in order."""
    return page("setup/next.html", sheets=SHEETS, operator=operator, steps=STEPS)
