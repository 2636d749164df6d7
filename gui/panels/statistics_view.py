"""The facts and statistics of a value in two columns of small lines, to be read at a glance and copied."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from .. import theme
from ..formats import number, shape_text
from ..models.tensors import TensorView

COLUMNS = 2


class StatisticsView(QWidget):
    """Names in a dim colour, numbers in the fixed-width typeface; NaN and Inf counts in red when there are any."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(2)
        for column in range(COLUMNS):
            self._grid.setColumnStretch(2 * column + 1, 1)
        self._cells: list[tuple[QLabel, QLabel]] = []
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.setAccessibleName(self.tr("Statistics"))

    def show_facts(self, facts: list[tuple[str, str, bool]]) -> None:
        """Show (name, text, whether it is alarming)."""
        while len(self._cells) < len(facts):
            place = len(self._cells)
            name, text = QLabel(self), QLabel(self)
            name.setProperty("role", "dim")
            name.setFont(theme.ui_font(12))
            text.setFont(theme.mono_font(12))
            text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            text.setMinimumWidth(30)
            text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            row, column = divmod(place, COLUMNS)
            self._grid.addWidget(name, row, 2 * column)
            self._grid.addWidget(text, row, 2 * column + 1)
            self._cells.append((name, text))
        for place, (name, text) in enumerate(self._cells):
            shown = place < len(facts)
            if name.isHidden() is shown:
                name.setVisible(shown)
                text.setVisible(shown)
            if shown:
                name.setText(facts[place][0])
                text.setText(facts[place][1])
                text.setToolTip(facts[place][1])
                role = "bad" if facts[place][2] else ""
                if text.property("role") != role:
                    text.setProperty("role", role)
                    text.style().unpolish(text)
                    text.style().polish(text)
        self.setAccessibleDescription(", ".join(f"{name} {text}" for name, text, _ in facts))

    def show_view(self, view: TensorView) -> None:
        """The facts of a value: dtype, shape, device, version and its statistics."""
        facts: list[tuple[str, str, bool]] = []
        if view.meta is not None:
            facts += [
                (self.tr("shape"), shape_text(view.meta.shape), False),
                (self.tr("dtype"), view.meta.dtype, False),
                (self.tr("device"), view.meta.device, False),
            ]
        elif view.value is not None:
            facts += [(self.tr("shape"), shape_text(view.value.shape), False), (self.tr("dtype"), str(view.value.dtype), False)]
        if view.val is not None:
            facts.append((self.tr("version"), str(view.val.version), False))
        stats = view.stats
        if stats is not None:
            facts += [
                (self.tr("min"), number(stats.low), False),
                (self.tr("max"), number(stats.high), False),
                (self.tr("mean"), number(stats.mean), False),
                (self.tr("norm"), number(stats.norm), stats.norm != stats.norm),
                (self.tr("zeros"), f"{stats.zeros} / {stats.count}", False),
                (self.tr("NaN"), str(stats.nans), stats.nans > 0),
                ("+Inf", str(stats.posinfs), stats.posinfs > 0),
                ("-Inf", str(stats.neginfs), stats.neginfs > 0),
            ]
        self.show_facts(facts)
