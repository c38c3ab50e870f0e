"""What is installed is what was tested: lock files, entry points, package data, and the Makefile's word."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from setuptools import find_packages

from drivers.registry import shipped

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
LOCKS = ("requirements.lock", "requirements-dev.lock")


def pins(lock: str) -> dict[str, str]:
    """The pinned version of each package."""
    found = re.findall(r"^([A-Za-z0-9_.-]+)==(\S+)", (ROOT / lock).read_text("utf-8"), re.M)
    return {canonicalize_name(name): version for name, version in found}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_index_and_hashes_every_package(lock: str) -> None:
    text = (ROOT / lock).read_text("utf-8")
    assert "://" not in text
    assert not re.search(r"^ *--(index|extra-index|find-links|trusted)", text, re.M)
    for entry in re.split(r"\n(?=[A-Za-z0-9])", text.partition("\n\n")[2] or text):
        if "==" in entry:
            assert "--hash=sha256:" in entry, entry.splitlines()[0]


def test_both_locks_pin_the_same_versions() -> None:
    runtime, tested = (pins(lock) for lock in LOCKS)
    assert runtime.items() <= tested.items()


@pytest.mark.parametrize("text", PROJECT["project"]["dependencies"])
def test_every_dependency_is_bounded_and_its_pin_lies_within(text: str) -> None:
    requirement = Requirement(text)
    assert "<" in str(requirement.specifier) or requirement.name == "tzdata"
    assert pins("requirements.lock")[canonicalize_name(requirement.name)] in requirement.specifier


@pytest.mark.parametrize("text", PROJECT["project"]["optional-dependencies"]["dev"])
def test_every_tool_is_pinned_too(text: str) -> None:
    requirement = Requirement(text)
    assert pins("requirements-dev.lock")[canonicalize_name(requirement.name)] in requirement.specifier


def test_every_driver_of_ours_is_a_package_that_is_installed() -> None:
    packages = {*find_packages(str(ROOT), include=PROJECT["tool"]["setuptools"]["packages"]["find"]["include"])}
    assert len(shipped()) > 10
    assert {*shipped().values()} <= packages


def test_every_data_file_is_installed() -> None:
    patterns = PROJECT["tool"]["setuptools"]["package-data"]
    listed = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in listed.stdout.split():
        package = name.split("/")[0]
        if not name.endswith(".py"):
            installed = {path for pattern in patterns[package] for path in (ROOT / package).glob(pattern)}
            assert ROOT / name in installed, name


def test_every_pattern_for_data_files_means_some() -> None:
    patterns = PROJECT["tool"]["setuptools"]["package-data"]
    idle = [f"{name}/{one}" for name, some in patterns.items() for one in some if not [*(ROOT / name).glob(one)]]
    assert idle == []


def test_make_alone_prints_every_target() -> None:
    told = subprocess.run(["make", "-s"], cwd=ROOT, capture_output=True, text=True, check=True)
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.M)
    assert phony is not None
    for target in phony[1].split():
        assert f"  make {target} " in told.stdout


@pytest.mark.parametrize("script", [".ci/setup", ".ci/lock", ".ci/run"])
def test_every_script_can_be_run_and_read_by_bash(script: str) -> None:
    assert (ROOT / script).stat().st_mode & 0o111
    assert subprocess.run(["bash", "-n", str(ROOT / script)], check=False).returncode == 0
