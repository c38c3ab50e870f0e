"""The encoding of a text file: what it says itself, UTF-8, or GB 18030 where that looks right; else it must be named.

Nearly every file decodes as GB 18030, also one in Big5 or from Western Europe, and then holds other names. So GB 18030
is believed only if the heading is known in it, or if most of its characters are common ones (`common.txt`: frequent in
Chinese words, names and addresses) and none is for private use. An error for a damaged byte names its line.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import msgspec

CHUNK_BYTES = 1 << 20
SAMPLE_BYTES = 256 * 1024
SHARE_COMMON = 0.6
"""Of the Chinese characters of a text that is in GB 18030; the same bytes in another encoding give about 0.2."""
FEW = 4
"""Up to so many characters all must be common."""
BROKEN_MAX = 20
"""Lines with a damaged byte that an error names."""

_GB_MARK = b"\x84\x31\x95\x33"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
    (_GB_MARK, "gb18030"),
)  # fmt: skip
NAMES = {
    "utf-8": "utf-8-sig", "utf-16": "utf-16", "gb18030": "gb18030", "gbk": "gb18030", "gb2312": "gb18030",
    "big5": "cp950", "big5-hkscs": "big5hkscs", "shift-jis": "cp932", "euc-jp": "euc_jp", "euc-kr": "cp949",
    "windows-1250": "cp1250", "windows-1251": "cp1251", "windows-1252": "cp1252", "windows-1253": "cp1253",
    "windows-1254": "cp1254", "windows-1256": "cp1256", "windows-1258": "cp1258", "windows-874": "cp874",
    "koi8-r": "koi8_r", "iso-8859-1": "cp1252", "iso-8859-2": "iso8859_2", "iso-8859-15": "iso8859_15",
}  # fmt: skip
"""The encodings that may be named, and the codec that reads them."""


class Encoding(msgspec.Struct, frozen=True):
    """How to read a file: its codec, and how many bytes to skip; or why it cannot be read, by line."""

    codec: str = ""
    skip: int = 0
    wrong: tuple[tuple[int, str], ...] = ()


def codec_of(name: str) -> str | None:
    """The codec of an encoding that a person names, None for an unknown one."""
    plain = name.strip().lower().replace("_", "-")
    for form in (plain, plain.replace("cp", "windows-", 1), plain.replace("-", ""), plain.replace("utf", "utf-")):
        if form in NAMES:
            return NAMES[form]
    return {"ansi": None, "sjis": "cp932", "shiftjis": "cp932", "latin1": "cp1252", "euckr": "cp949"}.get(plain)


def encoding_of(path: Path, named: str, heading_known: Callable[[str], bool]) -> Encoding:
    """The encoding of a file, `named` by a person or "" to find it; `heading_known`: whether a text has a heading."""
    with path.open("rb") as file:
        begin = file.read(SAMPLE_BYTES)
    if named:
        codec = codec_of(named) or ""
        return _checked(path, Encoding(codec, len(_GB_MARK) if begin.startswith(_GB_MARK) else 0), named)
    for mark, codec in _MARKS:
        if begin.startswith(mark):
            return _checked(path, Encoding(codec, len(mark) if mark == _GB_MARK else 0), codec)
    if wide := _wide(begin):
        return _checked(path, Encoding(wide), "utf-16")
    if _decodes(path, "utf-8"):
        return Encoding("utf-8")
    sample = b"".join(_foreign_lines(path))
    if _mostly_utf8(sample):
        return _checked(path, Encoding("utf-8"), "utf-8")
    if looks_like_gb(begin, sample, heading_known):
        return _checked(path, Encoding("gb18030"), "gb18030")
    return Encoding(wrong=((_first_foreign(path), _unknown(sample)),))


def _checked(path: Path, found: Encoding, name: str) -> Encoding:
    """The same, or which of its lines cannot be decoded."""
    if _decodes(path, found.codec, found.skip):
        return found
    if found.codec.startswith("utf-16"):
        return Encoding(wrong=((1, "it is damaged: it begins as UTF-16 and is not; save it as CSV UTF-8"),))
    reason = f"it has a byte that cannot be {name.removesuffix('-sig').upper()}; type this line again"
    return Encoding(wrong=tuple((line, reason) for line in _broken_lines(path, found)))


def _decodes(path: Path, codec: str, skip: int = 0) -> bool:
    decoder = codecs.getincrementaldecoder(codec)()
    try:
        with path.open("rb") as file:
            file.seek(skip)
            while chunk := file.read(CHUNK_BYTES):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _broken_lines(path: Path, found: Encoding) -> Iterator[int]:
    """The first lines that cannot be decoded; a line feed is itself in all encodings that are read so."""
    told = 0
    with path.open("rb") as file:
        file.seek(found.skip)
        for number, line in enumerate(file, 1):
            try:
                line.decode(found.codec)
            except UnicodeDecodeError:
                yield number
                told += 1
            if told == BROKEN_MAX:
                return
    if not told:
        yield 1


def _wide(begin: bytes) -> str:
    """UTF-16 without its mark: every other byte of Latin text is zero."""
    pairs = len(begin) // 2
    if pairs < 2 or b"\0" not in begin:
        return ""
    low, high = begin[0 : 2 * pairs : 2].count(0), begin[1 : 2 * pairs : 2].count(0)
    if high > pairs // 3 and not low:
        return "utf-16-le"
    return "utf-16-be" if low > pairs // 3 and not high else ""


def _foreign_lines(path: Path) -> Iterator[bytes]:
    """The first lines with other bytes than ASCII."""
    size = 0
    with path.open("rb") as file:
        for line in file:
            if not line.isascii():
                yield line
                size += len(line)
            if size > SAMPLE_BYTES:
                return


def _first_foreign(path: Path) -> int:
    with path.open("rb") as file:
        return next((number for number, line in enumerate(file, 1) if not line.isascii()), 1)


_UTF8_CHARACTER = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")


def _mostly_utf8(sample: bytes) -> bool:
    """Whether nearly all bytes that are not ASCII make characters of UTF-8: the rest is damage."""
    rest = _UTF8_CHARACTER.sub(b"", sample)
    foreign = sum(byte > 0x7F for byte in rest)
    return foreign * 8 < len(sample) - len(rest)


# ---- does it look right? -----------------------------------------------------------------------------------------


def looks_like_gb(begin: bytes, sample: bytes, heading_known: Callable[[str], bool]) -> bool:
    """Whether a text is in GB 18030, by its heading or by its characters."""
    if heading_known(begin.decode("gb18030", "replace")):
        return True
    if _all_letters(sample, "cp949", "HANGUL") or _all_letters(sample, "cp1251", "CYRILLIC"):
        return False
    text = "".join(character for character in sample.decode("gb18030", "replace") if character > "\x7f")
    chinese = [character for character in text if "\u3400" <= character <= "\u9fff"]
    common = sum(character in _common() for character in chinese)
    if not chinese or any(_betrays(character) for character in text):
        return False
    return common == len(chinese) if len(chinese) <= FEW else common >= SHARE_COMMON * len(chinese)


def _betrays(character: str) -> bool:
    """Whether a Chinese list does not have such a character: for private use, kana, Cyrillic, frames."""
    return (
        "\ue000" <= character <= "\uf8ff" or "\u3040" <= character <= "\u30ff" or "\u0370" <= character <= "\u04ff"
        or "\u2500" <= character <= "\u257f"
    )  # fmt: skip


def _all_letters(sample: bytes, codec: str, script: str) -> bool:
    """Whether all that is not ASCII is letters of this script."""
    try:
        text = sample.decode(codec)
    except UnicodeDecodeError:
        return False
    foreign = [character for character in text if character > "\x7f"]
    return all(unicodedata.name(character, "").startswith(script) for character in foreign)


_LOOKS: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("big5", lambda character: "\u3000" <= character <= "\u9fff" or "\uff00" <= character <= "\uffef"),
    ("shift-jis", lambda character: "\u3000" <= character <= "\u9fff"),
    ("euc-kr", lambda character: "\uac00" <= character <= "\ud7a3"),
    ("windows-1251", lambda character: "\u0400" <= character <= "\u04ff"),
    ("koi8-r", lambda character: "\u0400" <= character <= "\u04ff"),
    ("windows-1252", lambda character: "\u00c0" <= character <= "\u017f"),
)


def _unknown(sample: bytes) -> str:
    """Why an encoding is not taken for granted, with what it may be and how its first words read."""
    may_be = [f"{name} ({words})" for name, fits in _LOOKS if (words := _read_as(sample, name, fits))]
    found = f"; it may be {' or '.join(may_be)}" if may_be else ""
    return (
        f"its characters are neither UTF-8 nor clearly GB 18030{found}; name the encoding with --encoding and look at"
        " the names with --dry-run, or save the file as CSV UTF-8"
    )


def _read_as(sample: bytes, name: str, fits: Callable[[str], bool]) -> str:
    """The first words that are not ASCII in an encoding; empty if the text does not look like it."""
    try:
        text = sample.decode(NAMES[name])
    except UnicodeDecodeError:
        return ""
    words = [word for word in re.findall(r"[^\W\d_]+", text) if not word.isascii()]
    foreign = [character for word in words for character in word if character > "\x7f"]
    if not foreign or not all(map(fits, foreign)) or sum(character > "\x7f" for character in text) > 2 * len(foreign):
        return ""
    return " ".join(words[:2])[:40]


@cache
def _common() -> frozenset[str]:
    return frozenset(Path(__file__).with_name("common.txt").read_text("utf-8"))
