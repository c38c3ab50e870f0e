"""Which secrets the gateway has; what they are is read nowhere on these pages."""

from __future__ import annotations

from gateway.core.vocabulary.errors import GatehouseError
from gateway.store.settings.secrets import Vault, places
from web.platform.services import services


def given() -> frozenset[str]:
    """The paths of the secrets in the settings that run: `uplink.mqtt.password`, `devices[2].key`."""
    held = services()
    try:
        known = {name.partition("#")[0] for name in Vault(held.data / "secrets" / "site.json").load()}
    except GatehouseError:
        return frozenset()
    document = held.site.document()
    numbers = {f"devices.{one.get('id')}.": f"devices[{n}]." for n, one in enumerate(document.get("devices") or [])}
    return frozenset(_numbered(name, numbers) for name, _, _ in places(document) if name in known)


def _numbered(name: str, numbers: dict[str, str]) -> str:
    """The path of a secret by the number of its device, as a form has it."""
    return next((number + name[len(named) :] for named, number in numbers.items() if name.startswith(named)), name)
