"""The colours of numbers: maps that everybody can read, whatever their sight. A map takes the place of a theme's own.

Each map gets steadily lighter or darker from its small to its large end, so that it can be told apart by lightness alone;
``tests/gui/theme/test_colour_maps.py`` looks at all of them as people without one kind of cones see them.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import pyqtgraph as pg
from PySide6.QtGui import QColor

from .tokens import Theme, mix

STANDARD = "standard"
MAPS = (STANDARD, "viridis", "cividis", "grey")

_STOPS = 5
# negative and positive from zero on: blue and yellow are what nobody confuses
_BLUE_YELLOW = {
    True: (("#191e27", "#2f6fd0", "#9cc4ff"), ("#191e27", "#9a8408", "#ffe96b")),
    False: (("#ffffff", "#8fb2f2", "#1550b8"), ("#ffffff", "#d1bd84", "#7d6a00")),
}
_MIDDLE = "#808080"  # of grey: zero


@lru_cache(maxsize=16)
def mapped(theme: Theme, name: str) -> Theme:
    """The theme with the colours of numbers from the map of that name; KeyError for an unknown one."""
    if name not in MAPS:
        raise KeyError(f"no colour map {name!r}; there are {', '.join(MAPS)}")
    if name == STANDARD:
        return theme
    if name == "grey":
        dark, light = (QColor("#5a5a5a"), QColor("#ffffff")) if theme.dark else (QColor("#b4b4b4"), QColor("#000000"))
        ramp = tuple(mix(dark, light, place / (_STOPS - 1)) for place in range(_STOPS))
        middle = QColor(_MIDDLE)
        negative = tuple(mix(middle, QColor("black"), share) for share in (0.0, 0.5, 1.0))
        positive = tuple(mix(middle, QColor("white"), share) for share in (0.0, 0.5, 1.0))
    else:
        low, high = (0.25, 1.0) if theme.dark else (0.78, 0.0)  # the end that the canvas would swallow is left out
        ramp = _sampled(name, [low + (high - low) * place / (_STOPS - 1) for place in range(_STOPS)])
        negative, positive = theme.negative, theme.positive
        if name == "cividis":
            negative, positive = (tuple(map(QColor, colours)) for colours in _BLUE_YELLOW[theme.dark])
    return replace(theme, name=f"{theme.name} {name}", ramp=ramp, negative=negative, positive=positive)


def _sampled(name: str, places: list[float]) -> tuple[QColor, ...]:
    colours = pg.colormap.get(name)
    return tuple(QColor(*(int(part) for part in colours.map(place, mode="byte")[:3])) for place in places)
