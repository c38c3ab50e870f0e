"""The floor of `backlog_drain`: paho, one event a message, 20 in flight, QoS 1, no journal and no framework.

paho offers two ways to run it: a network thread of its own, and an outside loop. Both are tried, and the faster one is
the floor.
"""

from __future__ import annotations

import select
import threading
import time
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

IN_FLIGHT = 20


def messages_per_second(port: int, topic: str, payload: bytes, count: int) -> float:
    """Messages a second until the last PUBACK, of the faster way."""
    return max(_threaded(port, topic, payload, count), _looped(port, topic, payload, count))


def _client() -> paho.Client:
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    client.max_inflight_messages = 0
    return client


def _threaded(port: int, topic: str, payload: bytes, count: int) -> float:
    client = _client()
    places = threading.Semaphore(IN_FLIGHT)
    ready = threading.Event()

    def acknowledged(*_: Any) -> None:
        places.release()

    client.on_publish = acknowledged
    client.on_connect = lambda *_: ready.set()
    client.connect("127.0.0.1", port)
    client.loop_start()
    if not ready.wait(10):
        raise RuntimeError("the broker does not answer")
    started_ns = time.perf_counter_ns()
    for _ in range(count):
        places.acquire()
        client.publish(topic, payload, 1)
    for _ in range(IN_FLIGHT):
        places.acquire()
    took_ns = time.perf_counter_ns() - started_ns
    client.disconnect()
    client.loop_stop()
    return count * 1e9 / took_ns


def _looped(port: int, topic: str, payload: bytes, count: int) -> float:
    client = _client()
    done = 0
    connected = False

    def on_connect(*_: Any) -> None:
        nonlocal connected
        connected = True

    def on_publish(*_: Any) -> None:
        nonlocal done
        done += 1

    client.on_connect, client.on_publish = on_connect, on_publish
    client.connect("127.0.0.1", port)
    while not connected:
        select.select([client.socket()], [], [], 10)
        client.loop_read()
    sent = 0
    started_ns = time.perf_counter_ns()
    while done < count:
        while sent < count and sent - done < IN_FLIGHT:
            client.publish(topic, payload, 1)
            sent += 1
        select.select([client.socket()], [client.socket()] if client.want_write() else [], [], 10)
        client.loop_read()
        if client.want_write():
            client.loop_write()
    took_ns = time.perf_counter_ns() - started_ns
    client.disconnect()
    return count * 1e9 / took_ns
