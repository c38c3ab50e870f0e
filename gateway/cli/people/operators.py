"""Commands for operators: the people who sign in at the screens."""

from __future__ import annotations

import sys

from gateway.cli.common import Arguments, Commands, change, data_path, gateway_of, remark, say, show

# Written out, since importing the list would slow every `--help`; a test compares both.
ROLES = ("guard", "leader", "control_room", "office", "installer", "auditor")


def add(commands: Commands) -> None:
    """Add `operator` and its subcommands."""
    operator = commands.group("operator", "add, list and remove the people who sign in, and give them PINs")
    operator.add("list", "list operators and their roles", _list, "gatehouse operator list --json")
    one = operator.add(
        "add",
        "add an operator; asks for a PIN, or reads it from stdin",
        _add,
        """
        gatehouse operator add Lin --role guard
        gatehouse operator add Wei --role leader < pin.txt
        """,
    )
    one.add_argument("name", metavar="NAME", help="the name to sign in with, as journaled")
    one.add_argument("--role", required=True, choices=ROLES, help="what this person may do")
    pin = operator.add(
        "set-pin",
        "give an operator another PIN, end the sessions and lift a lock-out",
        _set_pin,
        """
        gatehouse operator set-pin Lin
        gatehouse operator set-pin Lin < pin.txt
        """,
    )
    pin.add_argument("name", metavar="NAME", help="the name to sign in with")
    role = operator.add(
        "set-role",
        "give an operator another role and end the sessions",
        _set_role,
        "gatehouse operator set-role Lin --role leader",
    )
    role.add_argument("name", metavar="NAME", help="the name to sign in with")
    role.add_argument("--role", required=True, choices=ROLES, help="what this person may do from now on")
    remove = operator.add(
        "remove",
        "remove an operator and end the sessions",
        _remove,
        """
        gatehouse operator remove Lin
        gatehouse operator remove Lin --yes      does not ask, also for the last installer
        """,
    )
    remove.add_argument("name", metavar="NAME", help="the name to sign in with")
    remove.add_argument("--yes", action="store_true", help="do not ask, also when it is the last installer")
    unlock = operator.add(
        "unlock",
        "lift a lock-out: wrong PINs up to now count no more",
        _unlock,
        "gatehouse operator unlock Lin",
    )
    unlock.add_argument("name", metavar="NAME", help="the name to sign in with")


def _list(arguments: Arguments) -> int:
    from gateway.cli.show import table

    with gateway_of(data_path(arguments)) as gateway:
        found = gateway.call("operator.list")
    show(arguments, found, table(("name", "role"), [(one["name"], one["role"]) for one in found["items"]]))
    return 0


def _add(arguments: Arguments) -> int:
    from gateway.core.people.texts import wrong_name
    from gateway.core.vocabulary.errors import RequestError

    if wrong := wrong_name(arguments.name):
        raise RequestError(f"NAME {wrong}")
    made = change(
        arguments, "operator.add", name=arguments.name, role=arguments.role, pin_hash=_pin_hash(arguments.name)
    )
    show(arguments, made, f"{made['name']} is an operator now: {made['role']}")
    return 0


def _set_pin(arguments: Arguments) -> int:
    changed = change(arguments, "operator.set_pin", name=arguments.name, pin_hash=_pin_hash(arguments.name))
    show(arguments, changed, f"{changed['name']} has a new PIN")
    remark(arguments, "earlier sessions of this person have ended")
    return 0


def _set_role(arguments: Arguments) -> int:
    changed = change(arguments, "operator.set_role", name=arguments.name, role=arguments.role)
    show(arguments, changed, f"{changed['name']} is {changed['role']} now")
    remark(arguments, "earlier sessions of this person have ended")
    return 0


def _remove(arguments: Arguments) -> int:
    from gateway.core.vocabulary.errors import GatehouseError

    try:
        gone = change(arguments, "operator.remove", name=arguments.name, also_last=arguments.yes)
    except GatehouseError as error:
        if error.code != "last_installer" or not _sure(str(error)):
            raise
        gone = change(arguments, "operator.remove", name=arguments.name, also_last=True)
    show(arguments, gone, f"{gone['name']} is no operator any more")
    return 0


def _sure(words: str) -> bool:
    """Whether the person at this terminal wants it nevertheless."""
    if sys.stdin is None or not sys.stdin.isatty():
        say("with --yes it is removed nevertheless")
        return False
    say(words)
    print("remove nevertheless? (yes/no) ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() == "yes"


def _unlock(arguments: Arguments) -> int:
    lifted = change(arguments, "operator.unlock", name=arguments.name)
    show(arguments, lifted, f"{lifted['name']} may try again at once")
    return 0


def _pin_hash(name: str) -> str:
    """The hash of a PIN that is asked for; the PIN itself goes nowhere."""
    from gateway.cli.people.pins import asked_pin
    from gateway.store.settings.secrets import hash_pin

    return hash_pin(asked_pin(name))
