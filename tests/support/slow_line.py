"""A line that is no faster than a booth's: bytes towards the broker leave at a given rate."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator


class SlowLine:
    """A TCP relay to a local port; daemon threads, gone with the test process."""

    def __init__(self, target_port: int, bytes_per_s: int) -> None:
        self._target_port = target_port
        self._bytes_per_s = bytes_per_s
        self._flows = threading.Event()
        self._flows.set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more calls."""
        self._listener.close()

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Nothing reaches the broker for the length of the block; connections stand."""
        self._flows.clear()
        try:
            yield
        finally:
            self._flows.set()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._target_port))
                for source, sink, rate in ((near, far, self._bytes_per_s), (far, near, 0)):
                    threading.Thread(target=self._pump, args=(source, sink, rate), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, bytes_per_s: int) -> None:
        with contextlib.suppress(OSError):
            while chunk := source.recv(1460):
                if bytes_per_s:
                    time.sleep(len(chunk) / bytes_per_s)
                    self._flows.wait()
                sink.sendall(chunk)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)
