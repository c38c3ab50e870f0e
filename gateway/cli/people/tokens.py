"""Commands for API tokens."""

from __future__ import annotations

from gateway.cli.common import Arguments, Commands, change, data_path, gateway_of, remark, show

# Written out, since importing the list would slow every `--help`; a test compares both.
_SCOPES = (
    "events:read, media:read, passes:read, passes:write, state:read, lanes:command, alarms:write, metrics, "
    "plates:push, site:read, site:write, visits:write, listed:read, listed:write, payments:write, "
    "validations:write"
)


def add(commands: Commands) -> None:
    """Add `token` and its subcommands."""
    token = commands.group("token", "make, list and revoke API tokens")
    create = token.add(
        "create",
        "make an API token; it is shown once",
        _token_create,
        "gatehouse token create --name central --scope events:read state:read --scope passes:write",
    )
    create.add_argument("--name", required=True, help="who it is for; no other token has this name")
    create.add_argument(
        "--scope", action="extend", nargs="+", required=True, metavar="S", help=f"what it may do: {_SCOPES}"
    )
    create.add_argument(
        "--device", action="append", default=[], metavar="ID", help="plates:push for this camera alone; may be repeated"
    )
    token.add("list", "list tokens (never their secrets)", _token_list, "gatehouse token list --json")
    revoke = token.add("revoke", "take a token back, at once", _token_revoke, "gatehouse token revoke central")
    revoke.add_argument("token", metavar="ID", help="id or name")


def _token_create(arguments: Arguments) -> int:
    scopes = [scope for text in arguments.scope for scope in text.split(",") if scope]
    made = change(arguments, "token.create", name=arguments.name, scopes=scopes, **_devices(arguments))
    show(arguments, {**made, "name": arguments.name, "scopes": scopes}, made["token"])
    remark(arguments, "keep it: it is shown only now")
    return 0


def _devices(arguments: Arguments) -> dict[str, list[str]]:
    return {"devices": arguments.device} if arguments.device else {}


def _token_list(arguments: Arguments) -> int:
    from gateway.cli.show import table

    with gateway_of(data_path(arguments)) as gateway:
        found = gateway.call("token.list")
    rows = [
        (
            t["id"],
            t["name"],
            " ".join(t["scopes"]),
            " ".join(t.get("devices", ())),
            t.get("created_at", ""),
            t.get("expires_at", ""),
        )
        for t in found
    ]
    show(arguments, {"items": found}, table(("id", "name", "scopes", "devices", "created", "expires"), rows))
    return 0


def _token_revoke(arguments: Arguments) -> int:
    gone = change(arguments, "token.revoke", name=arguments.token)
    show(arguments, gone, f"token {arguments.token} is revoked")
    return 0
