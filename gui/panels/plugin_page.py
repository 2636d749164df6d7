"""A page of the tensor panel that a plug-in fills: it is given the plane that is shown, when its page is in front."""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtWidgets import QVBoxLayout, QWidget

from gradstep.engine.tape.overview import Plane

from ..panel import PluginView
from ..tensors.sources import Answer, LiveSource, Missing, Part, Source
from .notice import Stage

MOST = 1 << 20  # elements that a view is given; of a larger plane every k-th row and column
Call = Callable[[Callable[[], None]], str]  # calls; what went wrong in words, "" where nothing did


class PluginPage(QWidget):
    """Holds a view. ``call`` guards what is called of it: a view that fails says so in its page and costs the others nothing."""

    def __init__(self, name: str, title: str, view: PluginView, call: Call) -> None:
        super().__init__()
        self.name, self.title = name, title
        self._view, self._call = view, call
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self._stage = Stage(view, self)
        column.addWidget(self._stage)

    def show_source(self, source: Source, plane: Plane) -> None:
        """Ask for the plane's elements, and give them to the view."""
        rows, columns = plane.size(source.shape)
        most = min(MOST, source.page) if isinstance(source, LiveSource) else MOST
        step = max(1, math.ceil(math.sqrt(rows * columns / most)))
        index = plane.index(source.shape, (0, rows, 0, columns), (step, step))

        def arrived(found: Answer) -> None:
            if isinstance(found, Missing):
                self._stage.show_notice(found.why)
                return
            wrong = self._call(lambda: self._view.show_plane(plane.oriented(found), step))
            if wrong:
                self._stage.show_notice(wrong)
            else:
                self._stage.show_content()

        source.forget(self.name)
        source.ask(Part(index), arrived, self.name, 2)
