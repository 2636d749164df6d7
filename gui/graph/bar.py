"""The row above the graph: what the nodes are coloured by, which of them stand out, what can be looked for."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QMenu, QSizePolicy, QToolButton, QWidget

from .. import theme
from ..actions import Actions
from ..models.node_facts import Fact
from ..theme import icon
from ..translation import translate
from .colouring import MEANINGS, TITLES

_LEAST = 240  # logical px
_FILTER = 130  # that the filter should have at least before the words beside it go
_COUNTED = 480  # from which on there is room for how many nodes match


class GraphBar(QWidget):
    """Shows and asks. The choice of colours is the same as in the menu."""

    fact_picked = Signal(object)  # Fact: the user chose what to colour by
    filter_changed = Signal(str)  # the user typed into the filter

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("graphBar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.colours = QComboBox()
        for fact in Fact:
            self.colours.addItem(translate("Colouring", TITLES[fact]), fact)
            self.colours.setItemData(self.colours.count() - 1, translate("Colouring", MEANINGS[fact]), Qt.ItemDataRole.ToolTipRole)
        self.colours.setAccessibleName(self.tr("Colour the nodes by"))
        self.colours.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.colours.activated.connect(lambda place: self.fact_picked.emit(self.colours.itemData(place)))
        self._label = QLabel(self.tr("Colour by"))
        self._label.setProperty("role", "dim")
        self._label.setBuddy(self.colours)
        self.colours.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.filter = QLineEdit()
        self.filter.setPlaceholderText(self.tr("Filter the graph:  relu +nan $norm(>1e3)"))
        self.filter.setAccessibleName(self.tr("Filter the graph"))
        self.filter.setClearButtonEnabled(True)
        self.filter.setMinimumWidth(40)
        self.filter.setMaximumWidth(420)
        self.filter.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.filter.textChanged.connect(self.filter_changed)
        self.count = QLabel()
        self.count.setProperty("role", "dim")
        self.count.setMinimumWidth(1)
        row = QHBoxLayout(self)
        row.setSizeConstraint(QHBoxLayout.SizeConstraint.SetNoConstraint)  # the graph may be narrower than this row would like
        self.setMinimumWidth(_LEAST)
        row.setContentsMargins(12, 5, 8, 5)
        row.setSpacing(7)
        row.addWidget(self._label)
        row.addWidget(self.colours)
        row.addSpacing(6)
        row.addWidget(self.filter, 10)
        row.addWidget(self.count)
        row.addStretch(1)
        row.addWidget(self._button(actions["find"]))
        row.addWidget(self._menu([actions["way_to_loss"], actions["way_to_parameters"]]))
        row.addWidget(self._button(actions["beside_graphs"]))
        self.show_fact(Fact.KIND)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """What does not fit goes: the words before the colours, then the count."""
        super().resizeEvent(event)
        need = self.sizeHint().width() - self.filter.sizeHint().width() + _FILTER
        self._label.setVisible(self.width() >= need - (0 if self._label.isVisibleTo(self) else -self._label.sizeHint().width()))
        self.count.setVisible(self.width() >= _COUNTED)

    def _button(self, action: QAction) -> QToolButton:
        button = QToolButton()
        button.setDefaultAction(action)
        return self._dressed(button, action.text().replace("&", "").rstrip("."))

    def _menu(self, actions: list[QAction]) -> QToolButton:
        button = QToolButton()
        button.setIcon(icon("path"))
        button.setToolTip(self.tr("Paths from the selected node"))
        menu = QMenu(button)
        menu.addActions(actions)
        button.setMenu(menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        return self._dressed(button, self.tr("Paths from the selected node"))

    @staticmethod
    def _dressed(button: QToolButton, name: str) -> QToolButton:
        theme.size_icon(button, 17)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        button.setAccessibleName(name)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    @Slot(object)
    def show_fact(self, fact: Fact) -> None:
        """What the nodes are coloured by."""
        self.colours.setCurrentIndex(list(Fact).index(fact))
        self.colours.setToolTip(translate("Colouring", MEANINGS[fact]))

    @Slot(int, int)
    def show_matches(self, matching: int, of: int) -> None:
        """How many nodes the filter lets through; below 0 where there is none."""
        self.count.setText("" if matching < 0 else self.tr("{0:,} of {1:,}").format(matching, of))
        self.filter.setAccessibleDescription(self.count.text())

    @Slot(str)
    def show_error(self, text: str) -> None:
        """Why the filter cannot be read; "" where it can."""
        if bool(text) is not bool(self.filter.property("bad")):
            self.filter.setProperty("bad", bool(text))
            self.filter.style().unpolish(self.filter)
            self.filter.style().polish(self.filter)
        self.filter.setToolTip(text)
        if text:
            self.count.setText(self.tr("cannot be read"))
            self.filter.setAccessibleDescription(text)
