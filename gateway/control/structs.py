"""The declared structs of a process, made known to msgspec before its threads decode any of them."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec


def learn_structs() -> None:
    """Build the type information of all structs that are imported; call it before the first thread.

    msgspec builds it at the first use of a struct. If two threads do that at once, the process ends with a segmentation
    fault (seen with 0.22: one thread uses what the other has only begun).
    """
    for kind in _kinds(msgspec.Struct):
        try:
            msgspec.json.Decoder(kind)
        except TypeError:
            continue  # it is never decoded: it holds what JSON cannot have


def _kinds(base: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for kind in base.__subclasses__():
        yield kind
        yield from _kinds(kind)
