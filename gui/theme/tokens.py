"""The colours of the window: one frozen set of named tokens for light, one for dark, one for high contrast.

Widgets and painters name tokens and never write a colour of their own. Every text token keeps a contrast of 4.5:1 (WCAG
2.2, 1.4.3) on every surface that it is used on; ``tests/gui/theme/test_tokens.py`` computes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtGui import QColor

from ..categories import CATEGORIES, category_of


@dataclass(frozen=True, slots=True, eq=False)
class Theme:
    """Colours by role. ``dark`` tells painters which way "stronger" is. Compare themes by identity."""

    name: str
    dark: bool
    canvas: QColor  # behind the graph
    dot: QColor  # the canvas' dot grid
    panel: QColor  # docks, menus, bars
    raised: QColor  # cards, buttons, headers on a panel
    field: QColor  # where one types, and item views
    border: QColor  # hair lines between surfaces
    outline: QColor  # the edge of a control, 3:1 on its surface
    text: QColor
    dim: QColor  # secondary text
    faint: QColor  # line numbers, units, hints
    accent: QColor  # what runs now
    accent_bright: QColor
    on_accent: QColor  # text on accent
    accent_text: QColor  # accent as a text colour on a surface
    ready: QColor  # ready nodes, focus, selection frames
    ready_text: QColor  # links
    selection: QColor  # the selected row
    on_selection: QColor
    good: QColor
    bad: QColor  # errors, NaN, Inf
    bad_fill: QColor
    past: QColor  # the cursor stands behind the live point
    pending_fill: QColor
    pending_border: QColor
    pending_text: QColor
    edge: QColor
    group_fills: tuple[QColor, ...]  # by depth, outermost first
    group_border: QColor
    group_text: QColor
    shadow: QColor
    ramp: tuple[QColor, ...]  # gradient norm from small to large, equally spaced
    negative: tuple[QColor, ...]  # a tensor's negative values from 0 to the most negative
    positive: tuple[QColor, ...]  # and its positive ones from 0
    categories: Mapping[str, QColor]

    @property
    def is_strong(self) -> bool:
        """Whether it is for those who want high contrast: what else is hinted at in pale colours has to be seen."""
        return self.name.startswith("contrast")

    def category(self, op: str) -> QColor:
        """The hue of an op's family, by the op's or the backward node's name."""
        return self.categories[category_of(op)]


def mix(a: QColor, b: QColor, share: float) -> QColor:
    """``share`` of b over a, opaque, linear in sRGB as a painter's alpha is."""
    keep = 1.0 - share
    return QColor.fromRgbF(a.redF() * keep + b.redF() * share, a.greenF() * keep + b.greenF() * share, a.blueF() * keep + b.blueF() * share)


def faded(colour: QColor, alpha: float) -> QColor:
    """The colour with an opacity between 0 and 1."""
    result = QColor(colour)
    result.setAlphaF(alpha)
    return result


def contrast(a: QColor, b: QColor) -> float:
    """Contrast ratio of two opaque colours between 1 and 21, as WCAG 2.2 defines it."""
    lighter, darker = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: QColor) -> float:
    def linear(channel: float) -> float:
        return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4

    return 0.2126 * linear(colour.redF()) + 0.7152 * linear(colour.greenF()) + 0.0722 * linear(colour.blueF())


def _ramp(*names: str) -> tuple[QColor, ...]:
    return tuple(QColor(name) for name in names)


def _hues(**names: str) -> dict[str, QColor]:
    assert set(names) == set(CATEGORIES), set(names) ^ set(CATEGORIES)
    return {category: QColor(name) for category, name in names.items()}


DARK = Theme(
    name="dark",
    dark=True,
    canvas=QColor("#0e1116"),
    dot=QColor("#1b2029"),
    panel=QColor("#14181f"),
    raised=QColor("#1b212b"),
    field=QColor("#10141a"),
    border=QColor("#262d39"),
    outline=QColor("#5b6678"),
    text=QColor("#e8ecf3"),
    dim=QColor("#9aa5b8"),
    faint=QColor("#8490a4"),
    accent=QColor("#ffb020"),
    accent_bright=QColor("#ffd37a"),
    on_accent=QColor("#1c1300"),
    accent_text=QColor("#ffb83d"),
    ready=QColor("#5aa2ff"),
    ready_text=QColor("#7db5ff"),
    selection=QColor("#1f3a63"),
    on_selection=QColor("#ffffff"),
    good=QColor("#6fcf7f"),
    bad=QColor("#ff6b74"),
    bad_fill=QColor("#3d161c"),
    past=QColor("#b69cff"),
    pending_fill=QColor("#161b23"),
    pending_border=QColor("#39424f"),
    pending_text=QColor("#8c97aa"),
    edge=QColor("#3d4757"),
    group_fills=_ramp("#12161d", "#151a22", "#181e27", "#1b222c"),
    group_border=QColor("#2a323f"),
    group_text=QColor("#a0abbf"),
    shadow=QColor(0, 0, 0, 115),
    ramp=_ramp("#33588a", "#2f86bd", "#35bdc4", "#85d86a", "#ffe876"),
    negative=_ramp("#191e27", "#2f7fb5", "#7cd6ff"),
    positive=_ramp("#191e27", "#d9603b", "#ffc27a"),
    categories=_hues(
        elementwise="#56c7d6",
        reduce="#f29ac4",
        shape="#8c99b3",
        linalg="#6ea8fe",
        conv="#8f9bff",
        norm="#5fd0a5",
        activation="#c792ea",
        loss="#ff8a94",
        index="#e8b65a",
        random="#d8a48f",
        leaf="#9ccc65",
        custom="#f5a3ff",
    ),
)

LIGHT = Theme(
    name="light",
    dark=False,
    canvas=QColor("#f6f7f9"),
    dot=QColor("#e1e5eb"),
    panel=QColor("#ffffff"),
    raised=QColor("#f2f4f7"),
    field=QColor("#ffffff"),
    border=QColor("#dde1e8"),
    outline=QColor("#848fa0"),
    text=QColor("#1b2230"),
    dim=QColor("#4f5b6e"),
    faint=QColor("#5f6b7e"),
    accent=QColor("#f59312"),
    accent_bright=QColor("#ffc46b"),
    on_accent=QColor("#1c1300"),
    accent_text=QColor("#8a4d00"),
    ready=QColor("#1f6feb"),
    ready_text=QColor("#1558c0"),
    selection=QColor("#cfe2ff"),
    on_selection=QColor("#0b1f3f"),
    good=QColor("#227a3a"),
    bad=QColor("#c62439"),
    bad_fill=QColor("#ffe7ea"),
    past=QColor("#6a46c9"),
    pending_fill=QColor("#ffffff"),
    pending_border=QColor("#ccd2dc"),
    pending_text=QColor("#667083"),
    edge=QColor("#b9c1ce"),
    group_fills=_ramp("#fbfcfd", "#f4f6f9", "#edf0f5", "#e7ebf2"),
    group_border=QColor("#d3d9e3"),
    group_text=QColor("#505c6f"),
    shadow=QColor(27, 34, 48, 26),
    ramp=_ramp("#a3bfe8", "#5f9ada", "#2a8390", "#4a6a14", "#611a00"),
    negative=_ramp("#ffffff", "#7db8e8", "#0b63b0"),
    positive=_ramp("#ffffff", "#f2a37a", "#b83a10"),
    categories=_hues(
        elementwise="#0b8aa0",
        reduce="#b83280",
        shape="#5c6b86",
        linalg="#2563eb",
        conv="#4b49d6",
        norm="#0f8a5f",
        activation="#8b3fd9",
        loss="#d6334a",
        index="#a8730b",
        random="#a85a3b",
        leaf="#4d8b1f",
        custom="#b02fc4",
    ),
)

CONTRAST = Theme(
    name="contrast",
    dark=True,
    canvas=QColor("#000000"),
    dot=QColor("#2a2a2a"),
    panel=QColor("#000000"),
    raised=QColor("#161616"),
    field=QColor("#000000"),
    border=QColor("#9a9a9a"),
    outline=QColor("#ffffff"),
    text=QColor("#ffffff"),
    dim=QColor("#e6e6e6"),
    faint=QColor("#cfcfcf"),
    accent=QColor("#ffd500"),
    accent_bright=QColor("#ffef8a"),
    on_accent=QColor("#000000"),
    accent_text=QColor("#ffd500"),
    ready=QColor("#5cc8ff"),
    ready_text=QColor("#8ad8ff"),
    selection=QColor("#0a4fb0"),
    on_selection=QColor("#ffffff"),
    good=QColor("#5dfc7d"),
    bad=QColor("#ff9aa0"),
    bad_fill=QColor("#3a0006"),
    past=QColor("#dcc6ff"),
    pending_fill=QColor("#000000"),
    pending_border=QColor("#b0b0b0"),
    pending_text=QColor("#e0e0e0"),
    edge=QColor("#8c8c8c"),
    group_fills=_ramp("#000000", "#0c0c0c", "#161616", "#202020"),
    group_border=QColor("#b0b0b0"),
    group_text=QColor("#f0f0f0"),
    shadow=QColor(0, 0, 0, 0),
    ramp=_ramp("#3f74c0", "#2f9bdc", "#3fd2da", "#9df07c", "#fff29a"),
    negative=_ramp("#000000", "#2f8fd0", "#9ce2ff"),
    positive=_ramp("#000000", "#e0683f", "#ffd29a"),
    categories=_hues(
        elementwise="#6fe3f2",
        reduce="#ffabd8",
        shape="#c0cbe0",
        linalg="#8cbcff",
        conv="#b0b8ff",
        norm="#7df0c4",
        activation="#dcaaff",
        loss="#ffa5ac",
        index="#ffcf7a",
        random="#f0c0a8",
        leaf="#b8f07a",
        custom="#ffc0ff",
    ),
)
