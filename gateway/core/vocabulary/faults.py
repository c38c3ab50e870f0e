"""Describes an error of the program: its kind and place, never its text, which may name a person."""

from __future__ import annotations

from gateway.core.vocabulary.times import NS_PER_S, rfc3339


def error_place(error: BaseException) -> str:
    """For example `OverflowError at access.py:291 in days_left`."""
    trace = error.__traceback__
    if trace is None:
        return type(error).__name__
    while trace.tb_next is not None:
        trace = trace.tb_next
    code = trace.tb_frame.f_code
    return f"{type(error).__name__} at {code.co_filename.rpartition('/')[2]}:{trace.tb_lineno} in {code.co_name}"


def fault_file(wall_ns: int) -> str:
    """The name of the file for the event of this moment; names sort by time."""
    second = rfc3339(wall_ns)[:19].replace("-", "").replace(":", "")
    return f"{second}.{wall_ns % NS_PER_S:09d}Z.json"
