"""The SDK of the CloudEvents project reads the feed and the batches at the broker as they were written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings.http import HTTPMessage, from_structured
from cloudevents.core.formats.json import JSONFormat

from tests.clients.conftest import PREFIX, Whole
from tests.support.mosquitto import central
from tests.support.site_process import wait_for

pytestmark = pytest.mark.real
EXTENSIONS = ("sequence", "bootid", "uptimens", "clockstate", "prevhash")


def read(event: dict[str, Any]) -> BaseCloudEvent:
    """An event of a batch, in the structured form that the SDK knows."""
    body = json.dumps(event).encode()
    message = HTTPMessage({"content-type": "application/cloudevents+json"}, body)
    return from_structured(message, JSONFormat())


def check(events: list[dict[str, Any]]) -> None:
    assert events
    for event in events:
        found = read(event)
        assert (found.get_id(), found.get_source(), found.get_type()) == (event["id"], event["source"], event["type"])
        assert (found.get_subject(), found.get_specversion()) == (event["subject"], "1.0")
        time = found.get_time()
        assert time is not None and time.tzinfo is not None
        assert found.get_datacontenttype() == "application/json"
        assert found.get_data() == event["data"]
        for name in EXTENSIONS:
            assert isinstance(found.get_extension(name), str)


def test_every_event_of_the_feed(whole: Whole) -> None:
    wait_for(lambda: whole.gateway.last_sequence() >= 1, "a row is written")
    check(json.loads(whole.get("/api/v1/events?limit=1000")))


def test_every_event_of_the_batches_at_the_broker(whole: Whole) -> None:
    with central(whole.broker.port, PREFIX) as listener:
        whole.gateway.command("in", "lock")
        wait_for(lambda: listener.sequences(), "news comes")
        for batch in listener.batches():
            assert batch.properties.ContentType == "application/cloudevents-batch+json"
            check(batch.json())


def test_a_gap_is_an_event_too(whole: Whole) -> None:
    [gap, *_] = json.loads(whole.get("/api/v1/events?lastEventId=otherjournal1.7&limit=2"))
    found = read(gap)
    assert found.get_type() == "gatehouse.journal.gap"
    assert found.get_data() == gap["data"]
