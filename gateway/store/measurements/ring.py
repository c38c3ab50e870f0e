"""A file of two rings of slots, one for each hour and one for each day, that are written in place.

An SD card counts writes. A slot holds a whole hour (or day) of all series, packed, checked and compressed; it is
written once an hour, so an hour costs two small writes and the file never grows beyond `FILE_BYTES`. A slot that a
power cut tore does not fit its checksum and counts as empty. One process writes; readers take what fits.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from gateway.core.measurements.summary import Summary
from gateway.core.vocabulary.errors import StorageError

SLOT_BYTES = 8_192
HOURS_KEPT = 14 * 24
DAYS_KEPT = 730
FILE_BYTES = SLOT_BYTES * (HOURS_KEPT + DAYS_KEPT)
"""At most; slots that were never written take no space."""
_MAGIC = b"GHM1"
_HEAD = struct.Struct("<4sqHI")
"""Magic, number of the hour or day, length and checksum of what follows."""

Slot = Mapping[str, Summary]
"""The summary of each series by its name."""
_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(dict[str, Summary]).decode


class Ring:
    """`hours` or `days` of the file; `first` is where its slots begin."""

    def __init__(self, first: int, kept: int) -> None:
        self.kept = kept
        self._first = first

    def place(self, number: int) -> int:
        """Where the slot of an hour or day is in the file."""
        return (self._first + number % self.kept) * SLOT_BYTES


HOURS = Ring(0, HOURS_KEPT)
DAYS = Ring(HOURS_KEPT, DAYS_KEPT)


def write_slot(handle: int, ring: Ring, number: int, slot: Slot) -> int:
    """Write a slot; returns the bytes written. What does not fit is left out, the last series first. OSError."""
    names = list(slot)
    while True:
        packed = zlib.compress(_pack({name: slot[name] for name in names}))
        if _HEAD.size + len(packed) <= SLOT_BYTES:
            break
        names = names[: len(names) * 9 // 10]
    whole = _HEAD.pack(_MAGIC, number, len(packed), zlib.crc32(packed)) + packed
    os.pwrite(handle, whole, ring.place(number))
    return len(whole)


def read_slot(handle: int, ring: Ring, number: int) -> dict[str, Summary]:
    """The slot of an hour or day; empty when there is none, or a torn one."""
    raw = os.pread(handle, SLOT_BYTES, ring.place(number))
    if len(raw) < _HEAD.size:
        return {}
    magic, found, size, check = _HEAD.unpack_from(raw)
    packed = raw[_HEAD.size : _HEAD.size + size]
    if magic != _MAGIC or found != number or zlib.crc32(packed) != check:
        return {}
    with suppress(zlib.error, msgspec.DecodeError):
        return _unpack(zlib.decompress(packed))
    return {}


def open_for_writing(path: Path) -> int:
    """The file, made when it is missing, readable by the group; StorageError."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        # Without reading ahead the kernel keeps single pages, and only these are written back.
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_RANDOM)
        return handle
    except OSError as error:
        raise StorageError(f"{path} cannot be opened ({error.strerror}); look at the disk") from error
