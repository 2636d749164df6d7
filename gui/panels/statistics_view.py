"""The facts and statistics of a value in two columns of small lines, to be read at a glance and copied."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from gradstep.engine.tape.overview import Figures

from .. import theme
from ..models.tensors import TensorView
from ..widgets.elided import ElidedLabel
from ..widgets.formats import number, shape_text
from ..widgets.plain import tip

WIDE, NARROW = 190, 130  # pixels that a name and its number should have, and that most of them need
LEAST, MOST = 2, 5  # columns
LAST = 99  # a line below all others
FEW = 3  # facts that are shown where there is little room


class StatisticsView(QWidget):
    """Names in a dim colour, numbers in the fixed-width typeface; NaN and Inf counts in red when there are any."""

    def __init__(self, parent: QWidget | None = None, *, lead: bool = False) -> None:
        """lead: the first fact (a shape may be long) has a line of its own."""
        super().__init__(parent)
        self._lead = lead
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(2)
        self._grid.setRowStretch(LAST, 1)  # lines stay close where there is more room
        self._columns = 0
        self._cells: list[tuple[QLabel, ElidedLabel]] = []
        self._compact = self._tight = False
        self._shown: list[tuple[str, str, bool]] = []
        self._long = -1  # the fact that has a line of its own
        self._reserved = 0  # lines
        self._facts: list[tuple[str, str, bool]] = []
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.setAccessibleName(self.tr("Statistics"))

    def reserve(self, lines: int) -> None:
        """Keep room for so many lines, also while there are fewer: what stands below does not move."""
        self._reserved = lines
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        return super().sizeHint().expandedTo(QSize(0, self._reserved_height()))

    def minimumSizeHint(self) -> QSize:
        return super().minimumSizeHint().expandedTo(QSize(0, self._reserved_height()))

    def _reserved_height(self) -> int:
        lines, between = self._reserved, self._grid.verticalSpacing()
        return lines * (QFontMetrics(theme.mono_font(12)).height() + between) - between if lines else 0

    def show_facts(self, facts: list[tuple[str, str, bool]]) -> None:
        """Show (name, text, whether it is alarming)."""
        self._shown = facts
        if self._tight:
            facts = facts[:1]
        elif self._compact:
            facts = [*facts[:FEW], *(fact for fact in facts[FEW:] if fact[2] and fact[0] == self.tr("broken"))]
        while len(self._cells) < len(facts):
            place = len(self._cells)
            name, text = QLabel(self), ElidedLabel(self)
            name.setProperty("role", "dim")
            name.setFont(theme.ui_font(12))
            text.setFont(theme.mono_font(12))
            text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            text.setMinimumWidth(30)
            self._cells.append((name, text))
            self._place(place)
        long = len(facts) - 1 if facts and facts[-1][0] == self.tr("broken") else -1
        if long != self._long:
            moved, self._long = {self._long, long} - {-1}, long
            for place in moved:
                self._place(place)
        for place, (name, text) in enumerate(self._cells):
            shown = place < len(facts)
            if text.isHidden() == shown:
                name.setVisible(shown)
                text.setVisible(shown)
            if shown and (name.text(), text.text(), text.property("role") == "bad") != facts[place]:
                name.setText(facts[place][0])
                text.setText(facts[place][1])
                text.setToolTip(tip(facts[place][1]))
                role = "bad" if facts[place][2] else ""
                if text.property("role") != role:
                    text.setProperty("role", role)
                    text.style().unpolish(text)
                    text.style().polish(text)
        self.setAccessibleDescription(", ".join(f"{name} {text}" for name, text, _ in facts))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        """As many columns as there is room for."""
        tight = theme.scale() >= 1.3 and self.width() < LEAST * theme.scaled(NARROW)
        least = 1 if tight else LEAST  # large letters in a narrow dock: a fact a line, rather than cut
        columns = min(max(self.width() // theme.scaled(WIDE), least), MOST)
        if columns != self._columns:
            self._columns = columns
            vertical = QSizePolicy.Policy.Maximum if columns > 1 else QSizePolicy.Policy.Fixed  # lines are not squeezed into each other
            self.setSizePolicy(QSizePolicy.Policy.Preferred, vertical)
            for column in range(MOST):
                self._grid.setColumnStretch(2 * column + 1, 1 if column < columns else 0)
            for place in range(len(self._cells)):
                self._place(place)

    def set_compact(self, compact: bool) -> None:
        """Whether there is room for what says most alone: the shape, the range, what is not finite."""
        if compact != self._compact:
            self._compact = compact
            self.show_facts(self._shown)

    def set_tight(self, tight: bool) -> None:
        """Whether there is room for the first fact alone: the shape and the type."""
        if tight != self._tight:
            self._tight = tight
            self.show_facts(self._shown)

    def _place(self, place: int) -> None:
        columns = self._columns or LEAST
        row, column = divmod(place - self._lead, columns)
        row, span = row + self._lead, 1
        if place == self._long or (place == 0 and self._lead):  # in a line of its own
            row, column, span = (row + (column > 0), 0, 2 * columns - 1) if place else (0, 0, 2 * columns - 1)
        for at, label in enumerate(self._cells[place]):
            self._grid.addWidget(label, row, 2 * column + at, 1, span if at else 1)

    def take(self, view: TensorView) -> None:
        """Whose figures ``show_figures`` will show."""
        words: list[str] = []
        if view.meta is not None:
            words += [shape_text(view.meta.shape), view.meta.dtype, view.meta.device]
        elif view.value is not None:
            words += [shape_text(view.value.shape), str(view.value.dtype)]
        if view.val is not None:
            words.append(self.tr("version {0}").format(view.val.version))
        self._facts = [(self.tr("shape"), "  ".join(words), False)]

    def show_view(self, view: TensorView) -> None:
        """The facts of a value: dtype, shape, device, version and its statistics."""
        self.take(view)
        stats = view.stats
        if stats is None:
            self.show_facts(self._facts)
            return
        about = "\u2248 " if stats.sampled else ""  # low, high, mean and zeros are those of a sample
        self.show_facts([
            *self._facts,
            (self.tr("min"), about + number(stats.low), False),
            (self.tr("max"), about + number(stats.high), False),
            (self.tr("mean"), about + number(stats.mean), False),
            (self.tr("norm"), number(stats.norm), stats.norm != stats.norm),
            (self.tr("zeros"), f"{about}{stats.zeros:,} / {stats.count:,}", False),
            *self._broken(stats.nans, stats.posinfs, stats.neginfs),
        ])  # fmt: skip

    def show_figures(self, figures: Figures) -> None:
        """Exact figures, where they are known, instead of what the tape says."""
        low, high = (figures.low, figures.high) if figures.finite else (float("nan"),) * 2
        self.show_facts([
            *self._facts,
            (self.tr("min"), number(low), False),
            (self.tr("max"), number(high), False),
            (self.tr("mean"), number(figures.mean), False),
            (self.tr("std"), number(figures.deviation), False),
            (self.tr("norm"), number(figures.norm), figures.norm != figures.norm),
            (self.tr("zeros"), f"{figures.zeros:,} / {figures.count:,}", False),
            *self._broken(figures.nans, figures.posinfs, figures.neginfs),
        ])  # fmt: skip

    def _broken(self, nans: int, posinfs: int, neginfs: int) -> list[tuple[str, str, bool]]:
        """What is not finite, in one line; nothing where all is."""
        words = [f"{count:,} {name}" for count, name in ((nans, self.tr("NaN")), (posinfs, "+Inf"), (neginfs, "-Inf")) if count]
        return [(self.tr("broken"), ", ".join(words), True)] if words else []
