"""Errors on their way through the control socket come out as they went in."""

from __future__ import annotations

import gc

import pytest

from gateway.control.wire import error_body, error_from
from gateway.core.vocabulary.errors import DamagedError, DataDirectoryError, GatehouseError, SettingsError


def test_an_error_of_another_part_with_a_shared_code_does_not_hide_the_shared_one() -> None:
    """The web has one for its certificate with the code of settings; problems of a site file come out all the same."""

    class OthersError(GatehouseError):
        code = SettingsError.code

    found = error_from(error_body(SettingsError([("site.id", "is missing; give one")])))
    assert isinstance(found, SettingsError)
    assert found.problems == [("site.id", "is missing; give one")]
    del OthersError
    gc.collect()


@pytest.mark.parametrize("error", [DamagedError("a"), DataDirectoryError("b")])
def test_an_error_that_has_the_code_of_its_kind_comes_out_as_that_kind(error: DataDirectoryError) -> None:
    assert type(error_from(error_body(error))) is DataDirectoryError
