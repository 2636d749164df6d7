"""One preference as the window shows it: its name, what it does, a control for its type, and a way back to its default."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from .. import theme
from ..theme import icon
from ..translation import translate
from .schema import Form, Preference, Value

CONTEXT = "Preferences"
_WIDTH = 260  # of a control, with the button beside it, where letters have their usual size


class _Decimal(QDoubleSpinBox):
    """Writes no more decimals than the number has: "5 s", "0.5 GiB"."""

    def textFromValue(self, value: float) -> str:
        text = super().textFromValue(value)
        point = self.locale().decimalPoint()
        return text.rstrip("0").rstrip(point) if point in text else text


class PreferenceRow(QWidget):
    """Asks by signals; ``show_value`` shows what is in effect."""

    wished = Signal(str, object)  # the user wants this preference to have this value
    reset_wished = Signal(str)  # or its default

    def __init__(self, preference: Preference, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.preference = preference
        name = translate(CONTEXT, preference.text)
        about = translate(CONTEXT, preference.about)
        self.words = f"{name} {about}".casefold()
        self._control = self._make()
        self._control.setAccessibleName(name)
        self._control.setAccessibleDescription(about)
        self._name = QLabel(name)
        self._name.setBuddy(self._control)
        self._name.setWordWrap(True)
        self._about = QLabel(about)
        self._about.setProperty("role", "dim")
        self._about.setWordWrap(True)
        self._error = QLabel()
        self._error.setProperty("role", "bad")
        self._error.setWordWrap(True)
        self._error.hide()
        self._reset = QToolButton()
        self._reset.setIcon(icon("restart"))
        self._reset.setAutoRaise(True)
        self._reset.setAccessibleName(self.tr("Reset {0}").format(name))
        self._reset.setToolTip(self.tr("Back to the default: {0}").format(self.shown(preference.default)))
        self._reset.clicked.connect(lambda: self.reset_wished.emit(preference.name))
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(self._name)
        words.addWidget(self._about)
        words.addStretch()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 7, 0, 7)
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(2)
        side = Qt.AlignmentFlag.AlignTop if preference.form is Form.LINES else Qt.AlignmentFlag.AlignVCenter
        grid.addLayout(words, 0, 0)
        grid.addWidget(self._field(), 0, 1, side | Qt.AlignmentFlag.AlignLeft)
        grid.addWidget(self._reset, 0, 2, side)
        grid.addWidget(self._error, 1, 0, 1, 3)
        grid.setColumnStretch(0, 1)
        grid.setColumnMinimumWidth(1, theme.scaled(_WIDTH))  # so that controls stand below each other, ticks too

    @property
    def control(self) -> QWidget:
        """What is typed into or ticked."""
        return self._control

    def shown(self, value: Value) -> str:
        """A value in words."""
        preference = self.preference
        if isinstance(value, bool):
            return self.tr("on") if value else self.tr("off")
        if preference.choices:
            return translate(CONTEXT, dict(preference.choices)[str(value)])
        if preference.none and value == preference.least:
            return translate(CONTEXT, preference.none)
        if isinstance(value, int | float):
            unit = translate(CONTEXT, preference.unit) if preference.unit else ""
            return f"{unit}{value}" if unit == "10^" else f"{value:g} {unit}".strip()
        return str(value) or self.tr("empty")

    # ------------------------------------------------------------------------------------ making

    def _make(self) -> QWidget:
        preference = self.preference
        if isinstance(preference.default, bool):
            box = QCheckBox()
            box.toggled.connect(self._wish)
            return box
        if preference.choices:
            combo = QComboBox()
            for value, label in preference.choices:
                combo.addItem(translate(CONTEXT, label), value)
            combo.currentIndexChanged.connect(lambda _: self._wish(combo.currentData()))
            return combo
        if isinstance(preference.default, int | float):
            return self._spin()
        if preference.form is Form.LINES:
            text = QPlainTextEdit()
            text.setTabChangesFocus(True)
            text.setProperty("role", "field")
            text.setFixedHeight(4 * text.fontMetrics().lineSpacing() + 14)
            text.textChanged.connect(lambda: self._wish(text.toPlainText()))
            return text
        field = QLineEdit()
        field.textEdited.connect(self._wish)
        return field

    def _spin(self) -> QAbstractSpinBox:
        preference = self.preference
        spin: QSpinBox | QDoubleSpinBox
        if isinstance(preference.default, int):
            spin = QSpinBox()
            spin.setRange(round(preference.least), round(preference.most))
            spin.setSingleStep(round(preference.step))
        else:
            spin = _Decimal()
            spin.setDecimals(2)
            spin.setRange(preference.least, preference.most)
            spin.setSingleStep(preference.step)
            spin.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType if preference.most > 1e9 else spin.stepType())
        if preference.unit == "10^":
            spin.setPrefix(preference.unit)
        elif preference.unit:
            spin.setSuffix(f" {translate(CONTEXT, preference.unit)}")
        if preference.none:
            spin.setSpecialValueText(translate(CONTEXT, preference.none))
        spin.lineEdit().setTextMargins(6, 0, 0, 0)
        spin.setKeyboardTracking(False)  # what is half typed is no wish
        spin.valueChanged.connect(self._wish)
        return spin

    def _field(self) -> QWidget:
        """The control with what stands beside it."""
        if isinstance(self._control, QCheckBox):
            return self._control
        if self.preference.form not in (Form.FILE, Form.FOLDER):
            wide = theme.scaled(_WIDTH)
            self._control.setMinimumWidth(wide)
            self._control.setMaximumWidth(wide if self.preference.form is Form.LINES else wide * 2)
            self._control.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            return self._control
        both = QWidget()
        both.setMinimumWidth(theme.scaled(_WIDTH))
        row = QHBoxLayout(both)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._control, 1)
        choose = QPushButton(self.tr("Choose..."))
        choose.setAutoDefault(False)  # Return belongs to the field in which one types
        choose.setAccessibleName(self.tr("Choose: {0}").format(self._control.accessibleName()))
        choose.clicked.connect(self._choose)
        row.addWidget(choose)
        return both

    def _choose(self) -> None:
        name, field = self._control.accessibleName(), self._control
        assert isinstance(field, QLineEdit)
        if self.preference.form is Form.FOLDER:
            found = QFileDialog.getExistingDirectory(self, name, field.text())
        else:
            found = QFileDialog.getOpenFileName(self, name, field.text())[0]
        if found:
            field.setText(found)
            self._wish(found)

    # ------------------------------------------------------------------------------------ showing

    @Slot(object)
    def _wish(self, value: object) -> None:
        self.wished.emit(self.preference.name, value)

    def show_value(self, value: Value, *, changed: bool) -> None:
        """Show what is in effect; ``changed``: it is not the default."""
        self.show_error("")
        self._reset.setEnabled(changed)
        blocker = QSignalBlocker(self._control)
        match self._control:
            case QCheckBox():
                self._control.setChecked(bool(value))
            case QComboBox():
                self._control.setCurrentIndex(self._control.findData(value))
            case QSpinBox():
                self._control.setValue(int(value))
            case QDoubleSpinBox():
                self._control.setValue(float(value))
            case QLineEdit() if self._control.text() != value:
                self._control.setText(str(value))
            case QPlainTextEdit() if self._control.toPlainText() != value:
                self._control.setPlainText(str(value))
        blocker.unblock()

    def show_error(self, why: str) -> None:
        """Say why what was entered cannot be; "" where it can."""
        self._error.setText(why)
        self._error.setVisible(bool(why))
        if why:
            self._control.setAccessibleDescription(why)
        else:
            self._control.setAccessibleDescription(self._about.text())

    def fits(self, words: list[str]) -> bool:
        """Whether all of these words, in small letters, are in what the row says."""
        return all(word in self.words for word in words)
