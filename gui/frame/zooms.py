"""The letters of each view as its user left them: kept between sessions, given back with the layout and the preferences."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from PySide6.QtCore import QObject, QSettings, Slot
from PySide6.QtWidgets import QAbstractItemView

from ..panel import Panel
from ..widgets.grid import NumberGrid
from ..widgets.text_zoom import ViewZoom, Zoom

GROUP = "zoom"  # of the settings


class Zooms(QObject):
    """Lets every tree, table and grid of the panels be zoomed as their texts are, and remembers by how much. A view is known by its
    panel and its place among the views there."""

    def __init__(self, panels: Iterable[Panel], settings: QSettings, parent: QObject) -> None:
        super().__init__(parent)
        self._settings = settings
        self._zooms: list[Zoom] = []
        for panel in panels:
            self.add(panel)

    def add(self, panel: Panel) -> None:
        """Look after the views of a panel."""
        for view in [*panel.findChildren(QAbstractItemView), *panel.findChildren(NumberGrid)]:
            if view.window() is panel.window() and view.findChild(ViewZoom) is None:  # the list of a choice is a window of its own
                ViewZoom(view).changed.connect(panel.restyle)  # widths of columns go by letters
        for place, zoom in enumerate(panel.findChildren(Zoom)):
            key = f"{GROUP}/{panel.objectName()}{place}"
            kept = str(self._settings.value(key, "0"))
            zoom.go(int(kept) if kept.lstrip("-").isdigit() else 0)  # a file that somebody wrote
            zoom.changed.connect(partial(self._keep, key, zoom))
            self._zooms.append(zoom)

    @Slot()
    def reset(self) -> None:
        """All views as large as everywhere."""
        for zoom in self._zooms:
            zoom.reset()
        self._settings.remove(GROUP)

    def _keep(self, key: str, zoom: Zoom) -> None:
        if zoom.steps:
            self._settings.setValue(key, zoom.steps)
        else:
            self._settings.remove(key)
