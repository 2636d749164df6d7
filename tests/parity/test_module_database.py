"""Every module of PyTorch's own database of modules: what ours makes of its samples is what PyTorch makes of them."""

from __future__ import annotations

import pytest

from . import module_database as database


@pytest.mark.parametrize("name", database.DATABASE)
def test_module_does_what_pytorchs_does(name: str) -> None:
    assert database.outcome(name) == []
