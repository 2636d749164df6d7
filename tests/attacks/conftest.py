"""Tapes of every kind, recorded once, and the process in which readers run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .prison import Prison
from .tapes import KINDS, can_record, record


@pytest.fixture(scope="session")
def tapes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A tape of each kind that can be recorded here."""
    folder = tmp_path_factory.mktemp("tapes")
    return {kind: record(kind, folder) for kind in KINDS if can_record(kind)}


@pytest.fixture(scope="session")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The only folder that readers may write to."""
    return tmp_path_factory.mktemp("out")


@pytest.fixture(scope="session")
def prison(tapes: dict[str, Path], out: Path) -> Iterator[Prison]:
    """Readers that know the undamaged tapes."""
    with Prison(out, list(tapes.values())) as prison:
        yield prison


@pytest.fixture(scope="session")
def cell(out: Path) -> Iterator[Prison]:
    """Readers that know nothing."""
    with Prison(out) as prison:
        yield prison
