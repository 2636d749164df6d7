"""The allocator keeps freed memory where it is glibc's and nobody said otherwise."""

from __future__ import annotations

import sys

import pytest

from gradstep.engine.kernels import memory


@pytest.fixture(autouse=True)
def nobody_chose(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES", "GRADSTEP_KEEP_MEMORY"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(("name", "value"), [("MALLOC_ARENA_MAX", "2"), ("GLIBC_TUNABLES", "x"), ("GRADSTEP_KEEP_MEMORY", "0")])
def test_who_has_chosen_is_left_alone(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    monkeypatch.setattr("ctypes.CDLL", lambda _: pytest.fail("asked the allocator"))
    assert memory.keep_freed() is False


def test_other_systems_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr("ctypes.CDLL", lambda _: pytest.fail("asked the allocator"))
    assert memory.keep_freed() is False


@pytest.mark.parametrize("limit", [1 << 40, 32 << 20])
def test_older_versions_of_glibc_are_given_a_smaller_number(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []

    class Library:
        gnu_get_libc_version = None

        def mallopt(self, what: int, value: int) -> int:
            asked.append((what, value))
            return int(what != -3 or value <= limit)

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr("ctypes.CDLL", lambda _: Library())
    assert memory.keep_freed() is True
    thresholds = [value for what, value in asked if what == -3]
    assert thresholds == ([memory.APART] if limit > memory.APART else [memory.APART, 32 << 20])


def test_an_allocator_that_is_not_glibcs_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr("ctypes.CDLL", lambda _: object())
    assert memory.keep_freed() is False
