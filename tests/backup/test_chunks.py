"""The outer form: whatever is cut, changed or appended is found, and a wrong passphrase is told from damage."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.backup.chunks import CHUNK_BYTES, HEADER_MAX, MAGIC, SEAL_BYTES, Writer, chunks, read_header
from gateway.core.vocabulary.errors import BackupError

CONTENT = b"the whole data directory" * 3
PASSPHRASES = ("", "correct horse")


def written(content: bytes, passphrase: str = "") -> bytes:
    file = io.BytesIO()
    writer = Writer(file, passphrase)
    writer.write(content)
    writer.close()
    assert writer.size == len(file.getvalue())
    return file.getvalue()


def read(raw: bytes, passphrase: str = "") -> bytes:
    file = io.BytesIO(raw)
    header, head = read_header(file)
    return b"".join(chunks(file, header, head, passphrase))


@pytest.mark.parametrize("passphrase", PASSPHRASES)
@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES])
def test_what_was_written_comes_back(size: int, passphrase: str) -> None:
    content = bytes(n % 251 for n in range(size))
    assert read(written(content, passphrase), passphrase) == content


@pytest.mark.parametrize("passphrase", PASSPHRASES)
def test_every_cut_is_found(passphrase: str) -> None:
    raw = written(CONTENT, passphrase)
    for end in range(len(raw)):
        with pytest.raises(BackupError):
            read(raw[:end], passphrase)


@pytest.mark.parametrize("passphrase", PASSPHRASES)
def test_every_changed_bit_is_found(passphrase: str) -> None:
    raw = written(CONTENT, passphrase)
    for at in range(len(raw)):
        for bit in (0, 5, 7):
            changed = bytearray(raw)
            changed[at] ^= 1 << bit
            with pytest.raises(BackupError):
                read(bytes(changed), passphrase)


@pytest.mark.parametrize("passphrase", PASSPHRASES)
def test_chunks_cannot_be_left_out_moved_or_repeated(passphrase: str) -> None:
    raw = written(bytes(CHUNK_BYTES) + bytes([1]) * CHUNK_BYTES + b"end", passphrase)
    start = len(raw) - (2 * (4 + CHUNK_BYTES + SEAL_BYTES) + 4 + 3 + SEAL_BYTES)
    one = 4 + CHUNK_BYTES + SEAL_BYTES
    head, first, second, last = raw[:start], raw[start : start + one], raw[start + one : -23], raw[-23:]
    assert read(head + first + second + last, passphrase)
    for wrong in ((second, last), (first, last), (second, first, last), (first, first, second, last), (first, second)):
        with pytest.raises(BackupError):
            read(head + b"".join(wrong), passphrase)


@pytest.mark.parametrize("passphrase", PASSPHRASES)
def test_what_follows_the_end_is_found(passphrase: str) -> None:
    with pytest.raises(BackupError, match="behind its end"):
        read(written(CONTENT, passphrase) + b"x", passphrase)


def test_a_wrong_passphrase_is_told_from_damage() -> None:
    raw = written(CONTENT, "correct horse")
    with pytest.raises(BackupError, match="not the passphrase"):
        read(raw, "battery staple")
    with pytest.raises(BackupError, match="give its passphrase"):
        read(raw)
    with pytest.raises(BackupError, match="damaged within"):
        read(raw[:-1] + bytes([raw[-1] ^ 1]), "correct horse")


@pytest.mark.parametrize("passphrase", PASSPHRASES)
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_damage_is_named_by_bytes_that_hold_it(passphrase: str, share: float) -> None:
    raw = bytearray(written(bytes(3 * CHUNK_BYTES), passphrase))
    at = int(len(raw) * share)
    raw[at] ^= 1
    with pytest.raises(BackupError) as caught:
        read(bytes(raw), passphrase)
    first, last = (int(text.replace(",", "")) for text in re.findall(r"[\d,]*\d", str(caught.value)))
    assert first <= at + 1 <= last <= len(raw)
    assert last - first < 2 * CHUNK_BYTES


def test_an_encrypted_backup_shows_nothing_of_its_content() -> None:
    assert CONTENT[:8] in written(CONTENT)
    assert CONTENT[:8] not in written(CONTENT, "correct horse")
    assert written(CONTENT, "correct horse") != written(CONTENT, "correct horse")


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "no backup"), (b"PK\x03\x04" + bytes(100), "no backup"), (MAGIC[:-1], "newer"),
        (b"gatehouse backup 2\n{}\n", "newer"), (MAGIC + b"{}\n", "damaged"),
        (MAGIC + b"x" * 2 * HEADER_MAX, "damaged"),
        (MAGIC + b'{"cipher":"none","scrypt":{"salt":"00","check":"00"}}\n', "damaged"),
        (MAGIC + b'{"cipher":"rot13","scrypt":null}\n', "damaged"),
    ],
)  # fmt: skip
def test_what_is_no_backup_is_told(raw: bytes, words: str) -> None:
    with pytest.raises(BackupError, match=words):
        read(raw)


@pytest.mark.parametrize(
    "change", ['"n":1073741824', '"n":1000', '"n":0', '"r":100000', '"p":0', '"p":1000', '"salt":"zz"', '"salt":""']
)
def test_a_header_that_asks_for_too_much_work_is_refused_before_any(change: str) -> None:
    key = change.partition(":")[0]
    known = {'"n"': '"n":1024', '"r"': '"r":8', '"p"': '"p":1', '"salt"': '"salt":"0011223344556677"'} | {key: change}
    line = '{"cipher":"chacha20-poly1305","scrypt":{' + ",".join(known.values()) + ',"check":"0011223344556677"}}\n'
    with pytest.raises(BackupError, match="damaged"):
        read(MAGIC + line.encode(), "x")


READERS: tuple[Callable[[bytes], bytes], ...] = (read, lambda raw: read(raw, "x"))


@given(st.binary(max_size=300))
def test_noise_is_refused_in_words(noise: bytes) -> None:
    for reader in READERS:
        with pytest.raises(BackupError):
            reader(noise)
        with pytest.raises(BackupError):
            reader(written(b"")[:40] + noise)
