"""`asyncapi.json`: the MQTT topics, from the code that makes and reads them, with the schemas of rows and views."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import web.api
from gateway.uplink.central.commands import (
    COMMAND_BYTES,
    PASS_BYTES,
    Answer,
    Confirmation,
    LaneOrder,
    PassOrder,
    PaymentOrder,
    SlipOrder,
    VisitOrder,
)
from gateway.uplink.mqtt.messages import Status, Topics
from tests.described.schemas import NAMES, schemas

PATH = Path(web.api.__file__).with_name("asyncapi.json")
TOPICS = Topics.of("{site}", "{gateway}")
BATCH_MAX = 100
_PLACE = {"site": "Id of the site", "gateway": "Id of the gateway"}
_QOS = {"mqtt": {"qos": 1, "bindingVersion": "0.2.0"}}
_RETAINED = {"mqtt": {"qos": 1, "retain": True, "bindingVersion": "0.2.0"}}


def asyncapi() -> dict[str, Any]:
    """The whole document."""
    channels = {
        "status": _channel(TOPICS.status, "Whether the gateway is online; also its last will. Retained", "Status"),
        "events": _channel(TOPICS.events, "The journal, in order, in batches: each event at least once", "Events"),
        "alarm": _channel(
            TOPICS.alarm("{alarm}"), "An alarm that is not closed; empty when it is. Retained", "Alarm", alarm="Id"
        ),
        "lane": _channel(TOPICS.lane("{lane}"), "A lane as it is. Retained", "Lane", lane="Id"),
        "commands": _channel(TOPICS.commands, f"Commands to lanes, at most {COMMAND_BYTES} bytes", "LaneOrder"),
        "passes": _channel(TOPICS.passes, f"Changes of passes, at most {PASS_BYTES} bytes", "PassOrder"),
        "visits": _channel(TOPICS.visits, f"Visitors, at most {COMMAND_BYTES} bytes", "VisitOrder"),
        "payments": _channel(TOPICS.payments, f"Payments, at most {COMMAND_BYTES} bytes", "PaymentOrder"),
        "slips": _channel(TOPICS.slips, f"Release slips of goods, at most {COMMAND_BYTES} bytes", "SlipOrder"),
        "confirmed": _channel(
            TOPICS.confirmed, "The last event that a consumer has stored: retention waits for it", "Confirmation"
        ),
        "replies": _channel(TOPICS.replies, "Answers to orders that name no response topic", "Answer"),
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Gatehouse MQTT",
            "version": "1.0.0",
            "description": "What a gateway sends to central and takes from it over MQTT 5.0, with QoS 1.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": {
            "sendStatus": _operation("send", "status", "Status", _RETAINED),
            "sendEvents": _operation("send", "events", "Events", _QOS),
            "sendAlarm": _operation("send", "alarm", "Alarm", _RETAINED),
            "sendLane": _operation("send", "lane", "Lane", _RETAINED),
            "receiveCommand": _operation("receive", "commands", "LaneOrder", _QOS, reply=True),
            "receivePass": _operation("receive", "passes", "PassOrder", _QOS, reply=True),
            "receiveVisit": _operation("receive", "visits", "VisitOrder", _QOS, reply=True),
            "receivePayment": _operation("receive", "payments", "PaymentOrder", _QOS, reply=True),
            "receiveSlip": _operation("receive", "slips", "SlipOrder", _QOS, reply=True),
            "receiveConfirmation": _operation("receive", "confirmed", "Confirmation", _QOS, reply=True),
        },
        "components": {
            "messages": {
                "Status": _message("Status", "Online or not"),
                "Events": _events(),
                "Alarm": _message("Alarm", "An alarm"),
                "Lane": _message("Lane", "A lane"),
                "LaneOrder": _message("LaneOrder", "A command to a lane"),
                "PassOrder": _message("PassOrder", "A change of one pass"),
                "VisitOrder": _message("VisitOrder", "A visitor, or a correction of who is inside"),
                "PaymentOrder": _message("PaymentOrder", "A payment for a visit"),
                "SlipOrder": _message("SlipOrder", "A release slip: registered, confirmed or cancelled"),
                "Confirmation": _message("Confirmation", "The last event that a consumer has stored"),
                "Answer": _message("Answer", "The answer to an order"),
            },
            "schemas": _schemas(),
        },
    }


_SHEET = ("LostView", "PointView", "SignatureView", "TickView")


def text() -> str:
    """The file."""
    return json.dumps(asyncapi(), ensure_ascii=False, indent=1) + "\n"


def _schemas() -> dict[str, Any]:
    found = schemas(LaneOrder, PassOrder, VisitOrder, PaymentOrder, SlipOrder, Confirmation, Answer, Status)
    unused = {NAMES["VisitView"], NAMES["DeviceView"], NAMES["AcceptanceView"], *_SHEET}
    return {name: schema for name, schema in found.items() if name not in unused}


def _channel(address: str, description: str, message: str, **parameters: str) -> dict[str, Any]:
    names = {**_PLACE, **{name: f"{word} of the {name}" for name, word in parameters.items()}}
    return {
        "address": address,
        "description": description,
        "parameters": {name: {"description": words} for name, words in names.items()},
        "messages": {message: {"$ref": f"#/components/messages/{message}"}},
    }


def _operation(
    action: str, channel: str, message: str, bindings: dict[str, Any], *, reply: bool = False
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{message}"}],
        "bindings": bindings,
    }
    if reply:
        found["reply"] = {
            "address": {
                "description": "The MQTT 5 response topic, else the replies topic",
                "location": "$message.header#/responseTopic",
            },
            "channel": {"$ref": "#/channels/replies"},
        }
    return found


def _message(name: str, summary: str) -> dict[str, Any]:
    return {"name": name, "summary": summary, "payload": {"$ref": f"#/components/schemas/{name}"}}


def _events() -> dict[str, Any]:
    return {
        "name": "Events",
        "summary": "1 to 100 events; a batch is either historical or current",
        "contentType": "application/cloudevents-batch+json",
        "headers": {
            "type": "object",
            "properties": {
                "historical": {
                    "const": "true",
                    "description": "User property of events that were recorded more than 10 s ago: they move nothing",
                }
            },
        },
        "payload": {
            "type": "array",
            "minItems": 1,
            "maxItems": BATCH_MAX,
            "items": {"$ref": "#/components/schemas/Event"},
        },
    }
