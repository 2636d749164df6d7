"""The colours of a node by family and state, and of an edge by what has passed it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QColor

from ..categories import CATEGORIES
from ..theme.tokens import Theme, mix
from .status import ALERT, Look

# what an edge is drawn as: these, then RAMP_STEPS colours of the gradient's norm, then ZERO and BAD
WAITING, FORWARD, LINKED, PASSED = range(4)
RAMP_FIRST = 4
RAMP_STEPS = 10
ZERO = RAMP_FIRST + RAMP_STEPS
BAD = ZERO + 1
THIN = 32  # added for the short lines to chips
DIM = 64  # added for edges that are not looked for


@dataclass(frozen=True, slots=True)
class NodeInk:
    """Colours of one box. ``stripe`` is the family's mark."""

    fill: QColor
    border: QColor
    text: QColor
    detail: QColor
    stripe: QColor


def node_ink(theme: Theme, category: str, state: int) -> NodeInk:
    """Colours for a family and a Look (plus ALERT). Saturation says how far a node is: grey outline, then full."""
    hue = theme.categories[category]
    look = Look(state % ALERT)
    if state >= ALERT:
        fill = theme.bad_fill
        return NodeInk(fill, theme.bad, theme.text, mix(theme.text, theme.bad, 0.25), theme.bad)
    if look is Look.RUNNING:
        return NodeInk(theme.accent, theme.accent_bright, theme.on_accent, mix(theme.on_accent, theme.accent, 0.08), theme.on_accent)
    if look is Look.READY:
        fill = mix(theme.pending_fill, theme.ready, 0.09)
        return NodeInk(fill, theme.ready, theme.text, theme.dim, mix(fill, hue, 0.75))
    if look is Look.PENDING:
        fill = theme.pending_fill
        return NodeInk(fill, mix(theme.pending_border, hue, 0.12), theme.pending_text, theme.pending_text, mix(fill, hue, 0.5))
    fill = mix(theme.pending_fill, hue, 0.24 if theme.dark else 0.13)
    detail = mix(theme.text, hue, 0.30 if theme.dark else 0.22)
    return NodeInk(fill, mix(theme.canvas, hue, 0.78), mix(theme.text, QColor("white"), 0.4) if theme.dark else theme.text, detail, hue)


def ramp_colour(theme: Theme, share: float) -> QColor:
    """The colour of a gradient's norm; 0 is the smallest, 1 the largest of the scale."""
    place = min(max(share, 0.0), 1.0) * (len(theme.ramp) - 1)
    lower = min(int(place), len(theme.ramp) - 2)
    return mix(theme.ramp[lower], theme.ramp[lower + 1], place - lower)


@lru_cache(maxsize=4)
def edge_inks(theme: Theme) -> Mapping[int, tuple[QColor, float]]:
    """Colour and width in px of each kind of edge; a larger norm is also a wider line. Kept: a graph that moves over asks for each
    of its pictures."""
    ramp = [(ramp_colour(theme, (step + 0.5) / RAMP_STEPS), 1.5 + 1.3 * step / (RAMP_STEPS - 1)) for step in range(RAMP_STEPS)]
    plain = [
        (theme.edge, 1.4),
        (mix(theme.edge, theme.dim, 0.35), 1.4),
        (mix(theme.edge, theme.ready, 0.45), 1.2),
        (mix(theme.edge, theme.text, 0.45), 1.8),
        *ramp,
        (mix(theme.edge, theme.dim, 0.8), 1.4),
        (theme.bad, 2.8),
    ]
    inks = dict(enumerate(plain))
    inks |= {kind + THIN: (colour, max(1.1, 0.72 * width)) for kind, (colour, width) in inks.items()}
    return inks | {kind + DIM: (mix(colour, theme.canvas, 0.74), min(width, 1.4)) for kind, (colour, width) in inks.items()}


@lru_cache(maxsize=4)
def flat_colours(theme: Theme) -> npt.NDArray[np.uint32]:
    """0xAARRGGBB by family and state, for nodes so small that only a rectangle is left of them."""
    table = np.zeros((len(CATEGORIES), 2 * ALERT), np.uint32)
    for row, category in enumerate(CATEGORIES):
        hue = theme.categories[category]
        for state in range(2 * ALERT):
            if state >= ALERT:
                colour = theme.bad
            else:
                colour = {
                    Look.PENDING: mix(mix(theme.pending_border, theme.canvas, 0.25), hue, 0.16),
                    Look.READY: theme.ready,
                    Look.RUNNING: theme.accent,
                    Look.DONE: mix(theme.canvas, hue, 0.85),
                }[Look(state)]
            table[row, state] = colour.rgba()
    table.flags.writeable = False
    return table


@dataclass(frozen=True, slots=True)
class NormScale:
    """Decades of gradient norms that the ramp spans, as powers of ten."""

    low: int = -4
    high: int = 0

    def including(self, norms: npt.NDArray[np.float64]) -> NormScale:
        """The scale that also holds the middle 98 % of these norms; it grows and never shrinks, so colours stay put."""
        usable = norms[np.isfinite(norms) & (norms > 0)]
        if not len(usable):
            return self
        low, high = np.percentile(np.log10(usable), (1, 99))
        return NormScale(min(self.low, math.floor(low)), max(self.high, math.ceil(high)))

    def inks(self, norms: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
        """The kind of edge for each norm; NaN is no norm known."""
        with np.errstate(divide="ignore", invalid="ignore"):
            share = (np.log10(np.where(norms > 0, norms, 1.0)) - self.low) / max(1, self.high - self.low)
        step = np.clip(np.nan_to_num(share, nan=0.0, posinf=1.0, neginf=0.0) * RAMP_STEPS, 0, RAMP_STEPS - 1).astype(np.uint8)
        return np.where(norms > 0, RAMP_FIRST + step, ZERO).astype(np.uint8)

    def ink(self, norm: float) -> int:
        """The same for one norm that is known and finite."""
        if norm <= 0:
            return ZERO
        share = (float(np.log10(norm)) - self.low) / max(1, self.high - self.low)
        return RAMP_FIRST + int(min(max(share * RAMP_STEPS, 0.0), RAMP_STEPS - 1.0))
