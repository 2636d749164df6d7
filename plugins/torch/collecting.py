"""How often Python's collector looks for garbage while a program is recorded.

What is known of a tensor or a node is a few small objects, each of which counts towards the next look. None of them is ever garbage that
only the collector can free, so they would make it look many times in an iteration in which it had no reason to look once; and as soon as
enough of them are alive, through everything that PyTorch's modules have made, which takes longer than the iteration.
"""

from __future__ import annotations

import gc

OURS = 8  # objects of the recorder's for one of the script's, about


class Collecting:
    """Looks are as many of the script's own objects apart as they would be without ours. What the script itself sets is left alone."""

    def __init__(self) -> None:
        self._before: tuple[int, ...] = ()
        self._ours: tuple[int, ...] = ()

    def put(self) -> None:
        """From now on objects of ours are made."""
        if not self._ours:
            self._before = gc.get_threshold()
            first, *others = self._before
            gc.set_threshold(first * OURS, *others)  # 0: the script wants no looks
            self._ours = gc.get_threshold()

    def take_away(self) -> None:
        """No more of them."""
        if self._ours and gc.get_threshold() == self._ours:
            gc.set_threshold(*self._before)
        self._ours = ()
