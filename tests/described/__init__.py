"""Descriptions for others, made from the declared rows and views: event tables, JSON Schemas, the AsyncAPI document.

`python -m tests.described` writes them into `docs/reference.md`, `web/api/openapi.json` and `web/api/asyncapi.json`; a
test fails when one of them is old. Nothing of it runs in the product.
"""
