"""Answers of the front itself, made before a view is asked: problem+json for programs, a plain page for people."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any

from web.platform.problems import PROGRAM_PATHS, Problem, problem_body
from web.words.texts import LOCALES, words

HTML = "text/html; charset=utf-8"
JSON = "application/problem+json"


def answered(problem: Problem, path: str, accept: str) -> tuple[str, list[tuple[str, str]], bytes]:
    """Status line, headers and body of a problem, for a request with this path and `Accept`."""
    for_people = "text/html" in accept and not path.startswith(PROGRAM_PATHS)
    body = plain_page(problem.status, problem.code).encode() if for_people else problem_body(problem)
    headers = {**problem.headers, "Content-Type": HTML if for_people else JSON, "Content-Length": str(len(body))}
    return f"{problem.status} {HTTPStatus(problem.status).phrase}", list(headers.items()), body


def refuse(problem: Problem, environ: Mapping[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The problem as the answer to a WSGI request."""
    status, headers, body = answered(problem, environ.get("PATH_INFO", ""), environ.get("HTTP_ACCEPT", ""))
    start_response(status, headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def plain_page(status: int, code: str) -> str:
    """A problem in both languages, without template and style sheet, so that it always works."""
    keys = f"problem.{code}", f"problem.{status}", "problem.any"
    parts = []
    for locale in LOCALES:
        said = words(locale)
        heading, todo = said.first(*keys), said.first(*(f"{key}.do" for key in keys))
        parts.append(
            f'<section lang="{said("lang")}"><h1>{html.escape(heading)}</h1><p>{html.escape(todo)}</p></section>'
        )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<title>{status} · Gatehouse</title>{"".join(parts)}<p><a href="/">Gatehouse</a></p></html>'
    )
