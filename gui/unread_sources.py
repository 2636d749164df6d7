"""PySide6 asks of every module that is imported after it whether its source names PySide6, and its way of asking leaves the source of all
of them in memory: 42 MiB of text for the window. Here the file is looked at and forgotten."""

from __future__ import annotations

import sys
from typing import Any

_FEATURE = "shibokensupport.feature"  # where PySide6 asks (6.5 to 6.11 at least)


def forget_sources() -> None:
    """From now on the sources of imported modules are not kept. Does nothing where PySide6 was not imported yet, or asks in another
    way."""
    feature: Any = sys.modules.get(_FEATURE)
    if hasattr(feature, "_mod_uses_pyside"):
        feature._mod_uses_pyside = names_pyside


def names_pyside(module: object) -> bool:
    """Whether a module's source names PySide6, as PySide6 asks: that of a module which has none does not."""
    file = getattr(module, "__file__", None)
    if not isinstance(file, str) or not file.endswith(".py"):
        return False
    try:
        with open(file, "rb") as source:
            return b"PySide6" in source.read()
    except OSError:  # in an archive
        return False
