"""Names that look alike: two of them on one list would be taken for one person or program."""

from __future__ import annotations

import re
import unicodedata

_JOINERS = re.compile("[\u200c\u200d]")


def alike(name: str) -> str:
    """What names that look alike have in common: letter case, width, joiners and the number of blanks do not count."""
    plain = unicodedata.normalize("NFKC", _JOINERS.sub("", name)).casefold()
    return " ".join(unicodedata.normalize("NFKC", plain).split())
