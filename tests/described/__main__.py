"""Write all descriptions."""

from __future__ import annotations

from tests.described import asyncapi, openapi, reference

reference.PATH.write_text(reference.reference(reference.PATH.read_text("utf-8")), "utf-8")
openapi.PATH.write_text(openapi.openapi(openapi.PATH.read_text("utf-8")), "utf-8")
asyncapi.PATH.write_text(asyncapi.text(), "utf-8")
