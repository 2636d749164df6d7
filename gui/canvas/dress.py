"""How nodes are dressed beyond their family and state: coloured by a fact, and dimmed where they are not looked for.

Each node has one small number, its *code*: 0 in the colours of its family, 1 without the fact (plain), from 2 on a colour of
the palette; the same again, dimmed. The painter reads codes, the canvas writes them through the methods.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QColor

from ..theme.tokens import Theme, contrast, mix
from .ink import NodeInk, NormScale, node_ink
from .scene import Scene
from .status import ALERT, Look

Key = Hashable
PLAIN = -1  # the place of a node that has not the fact
_FADE, _WORDS, _DETAILS = 0.78, 0.62, 0.68  # share of what is behind it in what is dimmed: boxes, their names, what stands below those
_STRONG = 0.7  # of these where high contrast is wanted: what is dimmed stays to be read


class Dress:
    """The dress of one scene's nodes, by node number. Keys that the scene has not are ignored; of what is inside a
    folded group, the group is dimmed or not."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.palette: tuple[QColor, ...] = ()
        self.norms: NormScale | None = None  # the scale of nodes that are coloured by their gradient's norm, which edges then share
        self.place: npt.NDArray[np.int16] = np.full(len(scene.keys), PLAIN, np.int16)
        self.dim: npt.NDArray[np.bool_] = np.zeros(len(scene.keys), np.bool_)
        self.dims = False  # whether any node is dimmed
        self.code: npt.NDArray[np.int16] = np.zeros(len(scene.keys), np.int16)

    @property
    def count(self) -> int:
        """How many codes there are."""
        return 2 * (len(self.palette) + 2)

    def colour(self, palette: Sequence[QColor], places: Mapping[Any, int]) -> None:
        """Colours the nodes by places in the palette; those that are not named have not the fact. No palette: by family."""
        self.palette = tuple(palette)
        self.place[:] = PLAIN
        for key, place in places.items():
            if (node := self._scene.number.get(key)) is not None:
                self.place[node] = place
        self._encode()

    def recolour(self, places: Mapping[Any, int]) -> frozenset[int]:
        """Changes the colours of some nodes; returns those that are another colour now."""
        changed = set()
        for key, place in places.items():
            node = self._scene.number.get(key)
            if node is not None and self.place[node] != place:
                self.place[node] = place
                changed.add(node)
        if changed:
            self._encode()
        return frozenset(changed)

    def dim_all_but(self, keys: Iterable[Key] | None) -> None:
        """Dims every node that is not named; None dims none."""
        self.dim[:] = keys is not None
        if keys is not None:
            self.dim[self._scene.nodes_of(keys)] = False
        self._encode()

    def dim_some(self, bright: Iterable[int], dim: Iterable[int]) -> frozenset[int]:
        """Brightens and dims some nodes, by number; returns those that were not so before."""
        changed = {node for node in bright if node >= 0 and self.dim[node]} | {node for node in dim if node >= 0 and not self.dim[node]}
        self.dim[list(changed)] ^= True
        self._encode()
        return frozenset(changed)

    def _encode(self) -> None:
        self.dims = bool(self.dim.any())
        self.code = (self.place + 2 if self.palette else np.zeros_like(self.place)) + self.dim * np.int16(self.count // 2)

    def ink(self, theme: Theme, category: str, state: int, code: int) -> NodeInk:
        """The colours of a box of a family in a state, as its code says."""
        dim, code = divmod(code, self.count // 2)
        ink = node_ink(theme, category, state)
        if code:
            ink = _tinted(theme, ink, self.palette[code - 2] if code > 1 else None, state)
        return dimmed(theme, ink) if dim else ink

    def flat(self, theme: Theme) -> npt.NDArray[np.uint32]:
        """0xAARRGGBB by code and state, for nodes that are mere rectangles; the rows of codes without a palette are unused."""
        table = np.zeros((self.count, 2 * ALERT), np.uint32)
        for code in range(self.count):
            dim, kind = divmod(code, self.count // 2)
            for state in range(2 * ALERT):
                colour = _flat(theme, self.palette[kind - 2] if kind > 1 else None, state)
                table[code, state] = (mix(colour, theme.canvas, _FADE * _share(theme)) if dim else colour).rgba()
        return table


def _tinted(theme: Theme, ink: NodeInk, colour: QColor | None, state: int) -> NodeInk:
    """By fact: the outline has its colour before the node ran, the whole box afterwards. Running, ready and alert nodes keep
    the outlines that say so."""
    look, alert = Look(state % ALERT), state >= ALERT
    if look is Look.RUNNING:
        return ink
    if colour is None:
        plain = mix(theme.pending_fill, theme.dim, 0.10 if look is Look.DONE else 0.0)
        border = ink.border if alert or look is Look.READY else mix(theme.pending_border, theme.dim, 0.45 if look is Look.DONE else 0.0)
        return NodeInk(plain, border, theme.dim if look is Look.DONE else theme.pending_text, theme.dim, border)
    if look is Look.DONE:
        text = max(QColor("black"), QColor("white"), key=lambda ink: contrast(ink, colour))
        border = theme.bad if alert else mix(colour, theme.text, 0.35)
        return NodeInk(colour, border, text, text, theme.bad if alert else mix(colour, text, 0.35))
    border = ink.border if alert or look is Look.READY else mix(theme.canvas, colour, 0.7)
    return NodeInk(mix(theme.pending_fill, colour, 0.12), border, theme.dim, theme.dim, colour)


def dimmed(theme: Theme, ink: NodeInk) -> NodeInk:
    """A node that is not looked for: nearer to what is behind it; in high contrast its words can still be read."""
    share = _share(theme)
    fill, border, stripe = (mix(colour, theme.canvas, _FADE * share) for colour in (ink.fill, ink.border, ink.stripe))
    return NodeInk(fill, border, mix(ink.text, fill, _WORDS * share), mix(ink.detail, fill, _DETAILS * share), stripe)


def _share(theme: Theme) -> float:
    return _STRONG if theme.is_strong else 1.0


def _flat(theme: Theme, colour: QColor | None, state: int) -> QColor:
    look = Look(state % ALERT)
    if state >= ALERT:
        return theme.bad
    if look in (Look.RUNNING, Look.READY):
        return theme.accent if look is Look.RUNNING else theme.ready
    if colour is None:
        return mix(theme.canvas, theme.pending_border, 0.8 if look is Look.DONE else 0.5)
    return colour if look is Look.DONE else mix(theme.canvas, colour, 0.5)
