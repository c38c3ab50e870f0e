"""Floor: one bare synchronous script that polls Modbus TCP boards; written to be fast.

Each board has a connection of its own. One after the other is asked for its eight inputs and waited for, all in the
same turn, so that the process wakes up as seldom as the boards allow; a change would be seen, and nothing else is done.

python poller.py POLL_MS PORT...
"""

import socket
import sys
import time


def main():
    poll_s = int(sys.argv[1]) / 1000
    boards = []
    for port in sys.argv[2:]:
        wire = socket.create_connection(("127.0.0.1", int(port)))
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        boards.append((wire.send, wire.recv))
    last = [b""] * len(boards)
    now, sleep = time.monotonic, time.sleep
    transaction, due = 0, now()
    while True:
        transaction = transaction % 0xFFFF + 1
        number = transaction.to_bytes(2, "big")
        request = number + b"\x00\x00\x00\x06\x01\x02\x00\x00\x00\x08"
        for place, (send, receive) in enumerate(boards):
            send(request)
            reply = receive(256)
            if reply[:2] != number or reply[7] != 2:
                sys.exit(f"board {place} answers with {reply.hex(' ')}")
            if reply[9:] != last[place]:
                last[place] = reply[9:]
        due += poll_s
        rest = due - now()
        if rest > 0:
            sleep(rest)


main()
