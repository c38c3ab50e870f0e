"""The API's descriptions: `openapi.json` and `asyncapi.json` as they are, and a plain page without outside assets."""

from __future__ import annotations

import functools
import html
from pathlib import Path
from typing import Any

import msgspec
from flask import Response

from web.people.auth import require_token

_FILE = Path(__file__).with_name("openapi.json")
_MQTT_FILE = Path(__file__).with_name("asyncapi.json")
_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1f23;background:#fff}
h1{font-size:1.6rem}h2{font-size:1.1rem;margin:2rem 0 .3rem;border-top:1px solid #d0d7de;padding-top:1rem}
code{font:14px ui-monospace,monospace;background:#f0f2f4;padding:.1em .3em;border-radius:3px}
table{border-collapse:collapse;margin:.5rem 0}td,th{text-align:left;padding:.2rem .8rem .2rem 0;vertical-align:top}
.verb{display:inline-block;min-width:4.5rem;font-weight:700;color:#0b57d0}.scope{color:#57606a}
@media (prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}code{background:#22272e}
h2{border-color:#30363d}.verb{color:#7ab7ff}.scope{color:#9aa4ae}}
"""


def openapi() -> Response:
    """`GET /openapi.json`; needs no token."""
    return Response(_FILE.read_bytes(), content_type="application/json")


@require_token
def asyncapi() -> Response:
    """`GET /asyncapi.json`: the MQTT topics, for any token."""
    return Response(_MQTT_FILE.read_bytes(), content_type="application/json")


def style() -> Response:
    """`GET /api/docs.css`."""
    return Response(_STYLE, content_type="text/css; charset=utf-8")


def page() -> Response:
    """`GET /api/docs`."""
    return Response(_page(), content_type="text/html; charset=utf-8")


@functools.lru_cache(maxsize=1)
def _page() -> str:
    document = msgspec.json.decode(_FILE.read_bytes())
    sections = [
        _operation(document, path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in ("get", "post", "put", "patch", "delete")
    ]
    info = document["info"]
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{_text(info["title"])}</title>'
        '<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/api/docs.css"></head>'
        f"<body><h1>{_text(info['title'])}</h1><p>{_text(info['description'])}</p>"
        '<p>For programs: <a href="/api/v1/openapi.json">openapi.json</a>; over MQTT, with a '
        "token: <code>/api/v1/asyncapi.json</code></p>"
        f"{''.join(sections)}</body></html>"
    )


def _operation(document: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> str:
    base = document["paths"][path].get("servers", document["servers"])[0]["url"].rstrip("/")
    scopes = [scope for need in operation.get("security", []) for scope in need.get("token", [])]
    scope = f' <span class="scope">[{_text(", ".join(scopes))}]</span>' if scopes else ""
    return (
        f'<h2><span class="verb">{method.upper()}</span> <code>{_text(base + path)}</code>{scope}</h2>'
        f"<p>{_text(operation['summary'])} {_text(operation.get('description', ''))}</p>"
        f"{_parameters(document, operation)}{_body(operation)}{_answers(document, operation)}"
    )


def _parameters(document: dict[str, Any], operation: dict[str, Any]) -> str:
    rows = [
        f"<tr><td><code>{_text(one['name'])}</code></td><td>{_text(one['in'])}</td>"
        f"<td>{_text(one.get('description', ''))}</td></tr>"
        for one in (_resolved(document, raw) for raw in operation.get("parameters", []))
    ]
    return f"<table>{''.join(rows)}</table>" if rows else ""


def _body(operation: dict[str, Any]) -> str:
    content = operation.get("requestBody", {}).get("content", {})
    samples = [
        f"<p>Body: <code>{_text(msgspec.json.encode(kind['example']).decode())}</code></p>"
        for kind in content.values()
        if "example" in kind
    ]
    return "".join(samples)


def _answers(document: dict[str, Any], operation: dict[str, Any]) -> str:
    rows = [
        f"<tr><td><code>{status}</code></td><td>{_text(_resolved(document, raw)['description'])}</td></tr>"
        for status, raw in operation["responses"].items()
    ]
    return f"<table>{''.join(rows)}</table>"


def _resolved(document: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    """The target of a `$ref` inside the document."""
    if "$ref" not in value:
        return value
    found: Any = document
    for key in value["$ref"].removeprefix("#/").split("/"):
        found = found[key]
    resolved: dict[str, Any] = found
    return resolved


def _text(value: str) -> str:
    return html.escape(value)
