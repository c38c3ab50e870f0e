"""How long a connection may take for what it has begun.

Headers are whole within 5 s of the connection or of the first byte of a later request, a body within 10 s and 1 s more
for each 64 kB of it. A connection without a request is closed after a minute.
"""

from __future__ import annotations

HEADERS_S = 5.0
BODY_S = 10.0
BODY_BYTES_A_S = 64 * 1024
IDLE_S = 60.0
LINGER_S = 2.0
"""So long a client may go on sending after its answer, so that it reads the answer and no reset."""


def body_s(size: int) -> float:
    """The time for a body of so many bytes, announced or, where none are, received so far."""
    return BODY_S + size / BODY_BYTES_A_S
