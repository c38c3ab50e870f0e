"""What cameras send: JSON, XML, a form with either in it, or several parts with pictures; pure, total over any bytes.

The type that a camera declares is often wrong, so the bytes decide. XML becomes objects and lists as JSON has them, by
the names of its elements; attributes, name spaces and everything that a document type could define are left out.
"""

from __future__ import annotations

import re
from binascii import b2a_base64
from typing import Any, NamedTuple

from gateway.core.plates.last_message import PICTURE_MAX, Looked, look_at, look_at_bytes
from gateway.core.plates.messages import read_json
from gateway.core.vocabulary.errors import PassError

PARTS_MAX = 32
DEPTH_MAX = 32
ELEMENTS_MAX = 10_000
_SHOWN = 80
_BOUNDARY = re.compile(rb"--([!-~]{1,70})[ \t]*\r?\n")
_NAME = re.compile(rb'name="?([^";\r\n]{0,80})', re.IGNORECASE)
_FORM = re.compile(rb"[A-Za-z0-9_.-]{1,40}=")
# Names are possessive, and what is not ended runs to the end of the text: each character is looked at once.
_TAG = re.compile(
    r"<(/?)(?:[\w.-]++:)?([\w.-]++)[^<>]*?(/?)>|<!\[CDATA\[(.*?)(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)|<[!?][^<>]*>", re.DOTALL
)
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n")


_HEXED = re.compile(rb"%([0-9A-Fa-f]{2})")
_ENTITY = re.compile(r"&(?:(amp|lt|gt|quot|apos)|#([0-9]{1,7})|#[xX]([0-9A-Fa-f]{1,6}));")
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}


def _byte(found: re.Match[bytes]) -> bytes:
    return bytes.fromhex(found[1].decode())


def _character(found: re.Match[str]) -> str:
    if found[1]:
        return _ENTITIES[found[1]]
    code = int(found[2] or found[3], 10 if found[2] else 16)
    return chr(code) if 0x20 <= code < 0xD800 or 0xE000 <= code < 0x11_0000 else " "


class Body(NamedTuple):
    """The document in a message, and the pictures beside it."""

    document: Any
    pictures: tuple[bytes, ...] = ()


def read_body(raw: bytes) -> Body:
    """What a camera sent; PassError if nothing in it can be read."""
    start = raw.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"--") and (boundary := _BOUNDARY.match(start)):
        return _parts(start, boundary[1])
    if start.startswith(_PICTURES):
        raise PassError("it is a picture without a plate; let the camera send its results too")
    return Body(_document(raw))


def look_at_body(raw: bytes) -> Looked:
    """What is shown of a message to a person who maps or watches a camera."""
    try:
        body = read_body(raw)
    except PassError:
        return look_at_bytes(raw)
    looked = look_at(body.document)
    if looked.picture or not body.pictures:
        return looked
    picture = b2a_base64(body.pictures[0], newline=False).decode()
    return Looked(looked.text, picture if len(picture) <= PICTURE_MAX else "")


def _document(raw: bytes) -> Any:
    start = raw.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"<"):
        return read_xml(_text(start))
    if _FORM.match(start):
        return _form(start)
    return read_json(raw)


def _parts(raw: bytes, boundary: bytes) -> Body:
    """The first part that can be read is the document; pictures are known by their first bytes."""
    document: Any = None
    pictures: list[bytes] = []
    trouble = "none of its parts is JSON or XML"
    for part in raw.split(b"--" + boundary)[1 : PARTS_MAX + 1]:
        head, found, data = part.partition(b"\r\n\r\n")
        if not found:
            head, found, data = part.partition(b"\n\n")
        data = data.removesuffix(b"\n").removesuffix(b"\r")
        if data.startswith(_PICTURES):
            pictures.append(data)
        elif found and data.strip() and document is None:
            try:
                document = _document(data)
            except PassError as error:
                name = _NAME.search(head)
                trouble = f"the part {name[1].decode('ascii', 'replace') if name else '?'!r}: {error}"
    if document is None:
        raise PassError(trouble)
    return Body(document, tuple(pictures))


def _form(raw: bytes) -> Any:
    """Fields of a form: JSON or XML in one of them, else the fields themselves."""
    fields: dict[str, Any] = {}
    for field in raw.strip().split(b"&")[:PARTS_MAX]:
        name, _, value = field.partition(b"=")
        decoded = _HEXED.sub(_byte, value.replace(b"+", b" "))
        if decoded.lstrip()[:1] in (b"{", b"[", b"<"):
            return _document(decoded)
        fields[name.decode("ascii", "replace")] = _text(decoded)
    return fields


def _text(raw: bytes) -> str:
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding).removeprefix("\ufeff")
        except UnicodeDecodeError:
            continue
    raise PassError("it is neither UTF-8 nor GB 18030")


class _Element:
    """An element that is being read: its name, its children by name, and its own text."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.children: dict[str, Any] = {}
        self.text: list[str] = []

    def value(self) -> Any:
        return self.children or "".join(self.text).strip()

    def add(self, name: str, value: Any) -> None:
        if name not in self.children:
            self.children[name] = value
        elif isinstance(self.children[name], list):
            self.children[name].append(value)
        else:
            self.children[name] = [self.children[name], value]


def read_xml(text: str) -> Any:
    """XML as objects; a name that comes again is a list. PassError if it is not XML."""
    open_elements, end = [_Element("")], 0
    for count, tag in enumerate(_TAG.finditer(text)):
        if count > ELEMENTS_MAX or len(open_elements) > DEPTH_MAX:
            raise PassError("its XML has too many elements")
        open_elements[-1].text.append(_ENTITY.sub(_character, text[end : tag.start()]))
        end = tag.end()
        closing, name, empty, data = tag.groups()
        if data is not None:
            open_elements[-1].text.append(data)
        elif name and not closing:
            open_elements.append(_Element(name))
        if name and (closing or empty):
            ended = open_elements.pop() if len(open_elements) > 1 else None
            if ended is None or ended.name != name:
                raise PassError(f"its XML closes {name[:_SHOWN]!r} where something else is open")
            open_elements[-1].add(name, ended.value())
    if len(open_elements) > 1 or not open_elements[0].children:
        raise PassError("it is no whole XML")
    return open_elements[0].children
