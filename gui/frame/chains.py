"""The chain in a dock's title: linked, a panel shows what is selected; unlinked, it keeps what it shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, QObject, Signal, Slot
from PySide6.QtWidgets import QApplication, QDockWidget, QToolButton

from .. import theme
from ..panel import Panel
from ..theme.icons import icon
from .docks import Docks, plain

SIDE = 20  # px beside letters of the usual size: as large as the buttons that Qt puts into a title
_BESIDE = 11  # px right of those buttons, between them and left of them
_LEAST = 18  # px: a title that is lower is the desktop's own, of a dock that floats


class _Chain(QToolButton):
    """Stands in its dock's title, left of the two buttons that Qt puts there."""

    def __init__(self, dock: QDockWidget, panel: Panel) -> None:
        super().__init__(dock)
        self.setProperty("role", "chain")
        self.setCheckable(True)
        theme.size_icon(self, 14)
        self._dock, self._name = dock, plain(panel.heading())
        self.toggled.connect(self._show)
        self._show(unlinked=False)
        dock.installEventFilter(self)
        self._place()

    @Slot(bool)
    def _show(self, unlinked: bool) -> None:
        self.setIcon(icon("unlink", "accent_text") if unlinked else icon("link", "dim"))
        says = (
            self.tr("{0} keeps what it shows. Link it: it shows what is selected again")
            if unlinked
            else self.tr("{0} shows what is selected. Unlink it: it keeps what it shows now")
        )
        self.setAccessibleName(self.tr("{0} is unlinked").format(self._name) if unlinked else self.tr("{0} is linked").format(self._name))
        self.setToolTip(says.format(self._name))

    def _place(self) -> None:
        held = self._dock.widget()
        high = held.y() if held is not None else 0
        self.setVisible(high >= _LEAST)
        side = theme.scaled(SIDE)
        self.setFixedSize(side, side)
        right = _BESIDE + 2 * side  # from the dock's edge
        self.move(right if self._dock.isRightToLeft() else self._dock.width() - right - side, (high - side) // 2)
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Go where the dock's title goes."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest, QEvent.Type.Show):
            self._place()
        return super().eventFilter(watched, event)


class Chains(QObject):
    """One for each panel that follows the selection. Another tape links them all: what they kept is not on it."""

    turned = Signal(object, bool)  # a panel, and whether it follows the selection from now on

    def __init__(self, docks: Docks, panels: Sequence[Panel], parent: QObject) -> None:
        super().__init__(parent)
        self._chains = {panel: _Chain(docks[panel], panel) for panel in panels}
        for panel, chain in self._chains.items():
            chain.toggled.connect(partial(self._turned, panel))

    def slots(self) -> dict[str, Callable[[], Any]]:
        """What the commands of the table do."""
        return {"unlink": self.toggle, "link_all": self.link_all}

    def _turned(self, panel: Panel, unlinked: bool) -> None:
        self.turned.emit(panel, not unlinked)

    @Slot()
    def toggle(self) -> None:
        """Unlink the panel that has the focus, or link it again."""
        focus = QApplication.focusWidget()
        shown = [panel for panel in self._chains if focus is not None and panel.isAncestorOf(focus)]
        for panel in shown[:1]:
            self._chains[panel].toggle()

    @Slot()
    def link_all(self) -> None:
        """Every panel shows what is selected."""
        for chain in self._chains.values():
            chain.setChecked(False)

    def chain(self, panel: Panel) -> QToolButton:
        """The chain of a panel."""
        return self._chains[panel]
