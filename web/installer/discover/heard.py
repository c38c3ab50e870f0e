"""What was heard of a device, in the language of the page: the drivers say it in English, in the forms listed here."""

from __future__ import annotations

import re

from web.words.texts import Words

FORMS = {
    "card": r"card (?P<card>\S+), as an (?P<model>\S+) sends it",
    "line": r"the line (?P<line>.+)",
    "tag": r"tag (?P<card>\S+), told unasked by a UHFReader18, address (?P<address>\d+)",
    "uhf": r"a UHFReader18, address (?P<address>\d+), version (?P<version>\S+), (?P<power>\d+) dBm",
    "osdp": r"an OSDP reader, address (?P<address>\d+), maker (?P<maker>\w+), model (?P<model>\d+),"
    r" serial number (?P<serial>\w+); this key is new.*",
    "osdp_unnamed": r"an OSDP reader, address (?P<address>\d+), which does not say what it is; this key is new.*",
    "board_unknown": r"unit (?P<unit>\d+): a board with (?P<outputs>\d+) outputs and (?P<inputs>\d+) inputs,"
    r" of a model that cannot be asked for",
    "board": r"unit (?P<unit>\d+): (?P<model>.+)",
    "door": r"door (?P<door>\d) of the UHPPOTE controller (?P<serial>\d+), firmware (?P<version>[\d.]+)",
    "door_at": r"door (?P<door>\d) of the UHPPOTE controller (?P<serial>\d+), firmware (?P<version>[\d.]+),"
    r" at (?P<host>\S+)",
    "server": r"a web server \((?P<server>.+)\); if it is a camera, .*",
    "server_unnamed": r"a web server; if it is a camera, .*",
}


def heard_words(text: str, say: Words) -> str:
    """The words of what was heard; "" for a form that is not known, which is shown as it is."""
    for name, form in FORMS.items():
        if fits := re.fullmatch(form, text, re.DOTALL):
            return say(f"installer.discover.heard.{name}", **fits.groupdict())
    return ""
