"""The tests in this folder compare with PyTorch; where it is not installed they skip themselves, and say how to get it."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

# Most tensors here are small, and PyTorch's threads wait for each other at every op where other processes run: three times as long.
os.environ.setdefault("OMP_NUM_THREADS", "1")

ORACLE = "2.13.0"  # scripts/environment.py installs it for `scripts/test.py --parity`


def reason_to_skip() -> str:
    """Why there is nothing to compare with; empty if there is."""
    try:
        found = importlib.metadata.version("torch")
    except importlib.metadata.PackageNotFoundError:
        return "PyTorch is not installed: run scripts/test.py --parity"
    if found.partition("+")[0] != ORACLE:  # "+cpu" and the like name a build of the same version
        return f"parity is with PyTorch {ORACLE}, here is {found}: run scripts/test.py --parity"
    if importlib.util.find_spec("expecttest") is None:
        return "expecttest, which PyTorch's op database needs, is not installed: run scripts/test.py --parity"
    return ""


class SkippedModule(pytest.Module):
    """A test module that is not even imported, because it imports what is missing."""

    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        pytest.skip(reason_to_skip(), allow_module_level=True)


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    return SkippedModule.from_parent(parent, path=module_path) if reason_to_skip() else None
