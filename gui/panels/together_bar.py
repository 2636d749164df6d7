"""A line of the ranks panel: all ranks of a job that runs stand before the same node, step together, go on; and where they are."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from gradstep.engine.debug.gate import Crowd

from .buttons import button


class TogetherBar(QWidget):
    """Hidden while no rank runs on this machine."""

    pause_wished = Signal()
    step_wished = Signal()
    go_wished = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 3, 8, 3)
        row.setSpacing(6)
        tip = self.tr("All ranks go to the node of backward to which the furthest has come, and stand before it")
        self.pause = button(self.tr("Pause All"), self.pause_wished.emit, self, tip)
        self.step = button(self.tr("Step All"), self.step_wished.emit, self, self.tr("All ranks run one node, and stand before the next"))
        self.go = button(self.tr("Continue All"), self.go_wished.emit, self, self.tr("All ranks run on"))
        self._where = QLabel(self)
        self._where.setTextFormat(Qt.TextFormat.PlainText)
        self._where.setWordWrap(True)
        self._where.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        for widget in (self.pause, self.step, self.go):
            row.addWidget(widget)
        row.addWidget(self._where, 1)
        self.show_crowd(None)

    def show_crowd(self, crowd: Crowd | None) -> None:
        """Show where the ranks are; None where none of them runs here."""
        self.setVisible(crowd is not None)
        if crowd is None:
            return
        self.pause.setEnabled(not crowd.held)
        self.step.setEnabled(crowd.together)
        self.go.setEnabled(crowd.held)
        self._where.setText(self.words(crowd))
        self._where.setToolTip(self._where.text())

    def words(self, crowd: Crowd) -> str:
        """Where they are, in words."""
        if not crowd.held:
            return self.tr("{0} ranks run.").format(len(crowd.ranks))
        if crowd.missing:
            return self.tr("They will stand once all have begun: {0} have not.").format(len(crowd.missing))
        if not crowd.together:
            late = ", ".join(str(one.rank) for one in crowd.ranks if not one.stands)
            return self.tr("On the way to where the furthest is: rank {0}").format(late) if late else self.tr("On the way.")
        first, names = crowd.ranks[0], sorted({one.name for one in crowd.ranks})
        text = self.tr("All {0} stand before {1}: node {2} of pass {3}.").format(
            len(crowd.ranks), ", ".join(names), first.node_of_pass, first.passes
        )
        return text + (" " + self.tr("These are different nodes.") if len(names) > 1 else "")
