"""What if: edit the gradient that waits at the next node, see what that changes down to every .grad, and keep it or not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QSpinBox, QToolButton, QVBoxLayout, QWidget

from ..models.what_if import WhatIfRow, WhatIfView
from ..panel import Panel
from ..widgets.columns import Columns
from .buttons import worded
from .detail_tree import DetailTree, Line
from .notice import Stage

_BETWEEN, _BESIDE, _AROUND = 6, 8, 24  # pixels: between what stands in the row, at its ends, around the words of a field
EDITS = (
    ("Zero", "grad * 0"),
    ("Double", "grad * 2"),
    ("Halve", "grad / 2"),
    ("Negate", "-grad"),
    ("Clip to norm 1", "grad / grad.norm().clamp(min=1)"),
)


class WhatIfPanel(Panel):
    """A line for the edit, and a table of what differs."""

    title = "What If"
    about = "Edit the gradient that waits at the next node and see which gradients change, and by how much"

    try_wished = Signal(
        str, int, str
    )  # name of a saved tensor or "", slot, expression: run the rest of the pass with and without the edit, and stay here
    keep_wished = Signal(str, int, str)  # the same: replace it, and go on from here with it
    node_picked = Signal(object)  # the user wants to see this graph node
    value_picked = Signal(object)  # ValueRef: the user wants to see this value

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(260, 90)
        self._rows: tuple[WhatIfRow, ...] = ()
        self._slots = 1
        self._live, self._is_fresh = False, True  # whether something can be edited, and that nothing was compared yet
        self._where = QLabel(self)
        self._where.setProperty("role", "dim")
        self._where.setTextFormat(Qt.TextFormat.PlainText)
        self._what = QComboBox(self)
        self._what.setAccessibleName(self.tr("What to edit"))
        self._what.setToolTip(self.tr("The gradient that waits at the node, or what the node keeps for its backward"))
        self._what.currentIndexChanged.connect(lambda _: self._show_what())
        self._slot = QSpinBox(self)
        self._slot.lineEdit().setTextMargins(6, 0, 0, 0)
        self._slot.setAccessibleName(self.tr("Slot of the gradient"))
        self._slot.setToolTip(self.tr("Which of the gradients that wait at the node"))
        self._edit = QLineEdit("grad * 0", self)
        self._edit.setObjectName("whatIfEdit")
        self._edit.setAccessibleName(self.tr("The gradient instead; grad is the one that waits"))
        self._edit.setToolTip(self.tr("Python in your program; grad is the gradient that waits"))
        self._edit.returnPressed.connect(self._try)
        self._presets = QComboBox(self)
        self._presets.setAccessibleName(self.tr("Usual edits"))
        for name, expression in EDITS:
            self._presets.addItem(self.tr(name), expression)
        self._presets.activated.connect(lambda _: self._edit.setText(str(self._presets.currentData())))
        self._try_button = self._tool(self.tr("Compare"), self._try)
        self._try_button.setToolTip(self.tr("Run the rest of this pass as it is and with the edit, and come back here"))
        self._keep = self._tool(self.tr("Keep the Edit"), lambda: self.keep_wished.emit(*self._wish()))
        self._keep.setToolTip(self.tr("Replace the gradient that waits; the next steps go on with it. Step back undoes it"))
        self._tree = DetailTree(
            [self.tr("Gradient"), self.tr("|as it is|"), self.tr("|edited|"), self.tr("|difference|"), self.tr("Relative")], parent=self
        )
        self._tree.setRootIsDecorated(False)
        self._tree.setAccessibleName(self.tr("Gradients that differ"))
        Columns(self._tree, dict(enumerate((230, 96, 96, 96))), rest=80)
        self._tree.line_picked.connect(self._picked)
        self._stage = Stage(self._tree, self)
        bar = QHBoxLayout()
        bar.setContentsMargins(_BESIDE, 3, _BESIDE, 3)
        bar.setSpacing(_BETWEEN)
        bar.addWidget(self._where)
        bar.addWidget(self._what)
        bar.addWidget(self._slot)
        bar.addWidget(self._presets)
        bar.addWidget(self._edit, 1)
        bar.addWidget(self._try_button)
        bar.addWidget(self._keep)
        column_ = QVBoxLayout(self)
        column_.setContentsMargins(0, 0, 0, 0)
        column_.setSpacing(0)
        column_.addLayout(bar)
        column_.addWidget(self._stage, 1)
        self.show_node("", 1, live=False)
        self.show_view(None)

    def show_node(self, name: str, slots: int, live: bool, saved: Sequence[str] = ()) -> None:
        """The node before which the program stands, how many gradients wait there and what it keeps; not ``live``: nothing can be
        edited."""
        self._slots = slots
        names = [self.tr("gradient"), *saved]
        if [self._what.itemText(i) for i in range(self._what.count())] != names:
            self._what.clear()
            self._what.addItem(names[0], "")
            for kept in saved:
                self._what.addItem(self.tr("saved %1").replace("%1", kept), kept)
        self._what.setVisible(bool(saved))
        self._where.setText(self.tr("At {0}:").format(name) if live and name else "")
        self._fit()
        self._live = live
        if self._is_fresh:
            self._say_what()
        self._slot.setMaximum(max(slots - 1, 0))
        self._show_what()
        for widget in (self._what, self._slot, self._presets, self._edit, self._try_button, self._keep):
            widget.setEnabled(live)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Where large letters leave no room for it, the edit goes before the name of the node, which stands in the graph as well."""
        self._edit.setMinimumWidth(self._edit.fontMetrics().horizontalAdvance(EDITS[0][1]) + _AROUND)
        others = (self._what, self._slot, self._presets, self._edit, self._try_button, self._keep)
        need = sum(max(part.minimumWidth(), part.minimumSizeHint().width()) + _BETWEEN for part in others if not part.isHidden())
        self._where.setVisible(bool(self._where.text()) and need + self._where.sizeHint().width() + 2 * _BESIDE <= self.width())

    @Slot(object)
    def show_view(self, view: WhatIfView | None) -> None:
        """Show what differs; None before anything was compared."""
        self._rows = view.rows if view is not None else ()
        self._is_fresh = view is None
        if view is None:
            self._say_what()
        elif not view.rows:
            self._stage.show_notice(self.tr("Nothing differs: %1 gradients are equal bit by bit.").replace("%1", str(view.same)))
        else:
            self._stage.show_content()
            self._tree.fill([self._line(place, row) for place, row in enumerate(view.rows)])

    # --------------------------------------------------------------------------------------------------------- inside

    def _say_what(self) -> None:
        what = self.tr("Compare runs the rest of this backward twice, as it is and with the edit, and shows what differs.")
        first = "" if self._live else self.tr("Stand before a node of backward to edit its gradient.")
        self._stage.show_notice(f"{first}\n{what}".lstrip())

    def _tool(self, text: str, act: Any) -> QToolButton:
        button = QToolButton(self)
        button.setText(text)
        worded(button)
        button.clicked.connect(lambda: act())
        return button

    def _show_what(self) -> None:
        self._slot.setVisible(self._slots > 1 and not self._what.currentData())

    def _wish(self) -> tuple[str, int, str]:
        """What to edit and how. A saved tensor is called ``saved`` in the program; in the line it may be called grad as well."""
        saved = str(self._what.currentData() or "")
        words = self._edit.text()
        return saved, self._slot.value(), re.sub(r"\bgrad\b", "saved", words) if saved else words

    def _try(self) -> None:
        self.try_wished.emit(*self._wish())

    def _line(self, place: int, row: WhatIfRow) -> Line:
        relative = "" if row.relative is None else "inf" if row.relative == float("inf") else f"{row.relative:.3g}"
        return Line((row.name, row.before, row.after, row.difference, relative), place, id=place, strong=row.name.endswith(".grad"))

    def _picked(self, place: object) -> None:
        if isinstance(place, int) and 0 <= place < len(self._rows):
            row = self._rows[place]
            self.node_picked.emit(row.key)
            if row.value is not None:
                self.value_picked.emit(row.value)
