"""Colours for facts of nodes: steps of the theme's map for numbers, and a set for names.

The set is Okabe and Ito's ("Color Universal Design", 2008), which people who see fewer colours tell apart.
"""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtGui import QColor

from .tokens import Theme, mix

_SET = ("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#f0e442", "#0072b2", "#d55e00")


@lru_cache(maxsize=16)
def sequential(theme: Theme, steps: int) -> tuple[QColor, ...]:
    """``steps`` colours of the theme's map of numbers, from the smallest number to the largest."""
    places = [step * (len(theme.ramp) - 1) / max(1, steps - 1) for step in range(steps)]
    lower = [min(int(place), len(theme.ramp) - 2) for place in places]
    return tuple(mix(theme.ramp[low], theme.ramp[low + 1], place - low) for low, place in zip(lower, places, strict=True))


@lru_cache(maxsize=16)
def qualitative(theme: Theme) -> tuple[QColor, ...]:
    """Colours for names; the last one is for all names that got none of their own."""
    return (*(QColor(name) for name in _SET), mix(theme.canvas, theme.dim, 0.55))


def zero(theme: Theme) -> QColor:
    """The colour of nothing: no gradient, no byte, no NaN."""
    return mix(theme.canvas, theme.dim, 0.38)
