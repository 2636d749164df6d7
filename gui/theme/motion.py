"""Whether anything may move by itself. The user decides; whoever animates asks before."""

from __future__ import annotations

_calm: list[bool] = [False]


def set_calm(calm: bool) -> None:
    """Nothing moves by itself from now on, or things may again; ``Appearance`` calls it."""
    _calm[:] = [calm]


def is_calm() -> bool:
    """Whether the user wants no motion: views then jump to where they would have glided."""
    return _calm[0]
