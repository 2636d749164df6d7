"""The run configuration: which engine, which interpreter, with which arguments, where, and with which variables."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QSize, Qt, Signal, Slot
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QRadioButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from gradstep.engine.debug.interpreters import Answer, described, lacks, short
from gradstep.engine.debug.targets import OURS, engines, needs_of

from .. import theme
from ..preferences.running import arguments, environment
from ..preferences.store import Preferences
from ..theme import icon
from ..widgets.elided import WholeTexts
from ..widgets.picture import Picture
from .runner import Runner

_PATH = Qt.ItemDataRole.UserRole
_SIZE, _FORM = QSize(760, 600), 140  # pixels where letters have their usual size; of the height, what the lines of a script take
_COLUMNS = (330, 110, 70)  # as wide, but for the last one
_LINES = 3  # of the environment that are seen


class RunDialog(QDialog):
    """Shows the choice and writes it into the preferences: those of the script that is open, or the general ones."""

    run_wished = Signal()  # the choice is kept, and the user wants to start

    def __init__(self, runner: Runner, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("runConfiguration")
        self._runner, self._preferences = runner, preferences
        self._of_script = bool(preferences.script)
        name = Path(preferences.script).name
        self.setWindowTitle(self.tr("Run Configuration of {0}").format(name) if name else self.tr("What Runs Scripts"))
        self._tested: set[str] = set()  # interpreters whose packages were imported
        self._engines = QButtonGroup(self)
        self._checking = ""  # the interpreter that Check asks
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 14)
        column.setSpacing(7)
        column.addWidget(self._heading(self.tr("Engine")))
        for place, engine in enumerate(engines()):
            self._add_engine(column, place, engine)
        column.addSpacing(6)
        column.addWidget(self._heading(self.tr("Interpreter")))
        self.table = self._table()
        column.addWidget(self.table, 1)
        column.addLayout(self._row_of_check())
        self.arguments, self.folder, self.environment = QLineEdit(), QLineEdit(), QPlainTextEdit()
        if self._of_script:
            column.addSpacing(6)
            column.addLayout(self._form())
        column.addSpacing(6)
        column.addLayout(self._row_of_buttons())
        room = self.screen().availableGeometry()
        wide, high = theme.scaled(_SIZE.width()), theme.scaled(_SIZE.height() - (0 if self._of_script else _FORM))
        self.resize(min(wide, room.width() - 40), min(high, room.height() - 60))
        runner.interpreters.answered.connect(self._answered)
        self._fill()
        self._engines.idToggled.connect(self._engine_changed)
        self.table.currentItemChanged.connect(self._show_verdict)
        self._show_verdict()

    # -------------------------------------------------------------------------------------------------------- making

    def _heading(self, text: str) -> QLabel:
        label = QLabel(text)
        label.setProperty("role", "heading")
        return label

    def _add_engine(self, column: QVBoxLayout, place: int, engine: str) -> None:
        needs = needs_of(engine)
        button = QRadioButton(needs.title or engine)
        button.setChecked(engine == self._runner.engine)
        button.setAccessibleDescription(needs.about)
        self._engines.addButton(button, place)
        column.addWidget(button)
        if needs.about:
            about = QLabel(needs.about)
            about.setProperty("role", "dim")
            about.setWordWrap(True)
            about.setIndent(24)
            column.addWidget(about)

    def _table(self) -> QTreeWidget:
        table = QTreeWidget()
        table.setItemDelegate(WholeTexts(table))
        table.setAccessibleName(self.tr("Interpreters"))
        table.setRootIsDecorated(False)
        table.setUniformRowHeights(True)
        table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        table.setHeaderLabels([self.tr("Interpreter"), self.tr("Found by"), self.tr("Python"), self.tr("What it has")])
        table.header().setStretchLastSection(True)
        table.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        for place, width in enumerate(_COLUMNS):
            table.setColumnWidth(place, theme.scaled(width))
        return table

    def _row_of_check(self) -> QHBoxLayout:
        self.verdict = QLabel()
        self.verdict.setObjectName("runnerVerdict")
        self.verdict.setWordWrap(True)
        self.verdict.setTextFormat(Qt.TextFormat.PlainText)
        self.verdict.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.verdict.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.verdict.setMinimumHeight(2 * self.fontMetrics().lineSpacing())
        self.mark = Picture(16)
        self.mark.setAccessibleName(" ")  # the verdict says it
        self.check = QPushButton(self.tr("&Check"))
        self.check.setToolTip(self.tr("Import the packages in this interpreter, and say what was found"))
        self.check.clicked.connect(self._check)
        self.browse = QPushButton(self.tr("&Other..."))
        self.browse.setAccessibleName(self.tr("Another interpreter"))
        self.browse.clicked.connect(self._browse)
        row = QHBoxLayout()
        row.addWidget(self.mark, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.verdict, 1)
        row.addWidget(self.check, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.browse, 0, Qt.AlignmentFlag.AlignTop)
        return row

    def _form(self) -> QFormLayout:
        get = self._preferences.text
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.arguments.setText(get("script/arguments"))
        self.arguments.setPlaceholderText(self.tr("none; quotes as in a shell"))
        self.arguments.textChanged.connect(self._check_texts)
        self.folder.setText(get("script/folder"))
        self.folder.setPlaceholderText(str(Path(self._preferences.script).parent))
        choose = QPushButton(self.tr("C&hoose..."))
        choose.setAccessibleName(self.tr("Choose the working folder"))
        choose.clicked.connect(self._choose_folder)
        self.environment.setPlainText(get("script/environment"))
        self.environment.setPlaceholderText(self.tr("NAME=value, a line each, beside what gradstep was started with"))
        self.environment.setTabChangesFocus(True)
        self.environment.setProperty("role", "field")
        self.environment.setFixedHeight(_LINES * self.fontMetrics().lineSpacing() + 18)
        self.environment.textChanged.connect(self._check_texts)
        row = QHBoxLayout()
        row.addWidget(self.folder, 1)
        row.addWidget(choose)
        form.addRow(self.tr("&Arguments"), self.arguments)
        folder = QLabel(self.tr("&Working folder"))
        folder.setBuddy(self.folder)
        form.addRow(folder, row)
        form.addRow(self.tr("En&vironment"), self.environment)
        return form

    def _row_of_buttons(self) -> QHBoxLayout:
        self.complaint = QLabel()
        self.complaint.setProperty("role", "bad")
        self.complaint.setWordWrap(True)
        cancel, self.keep = QPushButton(self.tr("Cancel")), QPushButton(self.tr("&Keep"))
        self.run = QPushButton(self.tr("Keep and &Run"))
        self.run.setProperty("primary", True)
        self.run.setVisible(self._of_script)
        (self.run if self._of_script else self.keep).setDefault(True)
        cancel.clicked.connect(self.reject)
        self.keep.clicked.connect(self._keep)
        self.run.clicked.connect(self._keep_and_run)
        row = QHBoxLayout()
        row.addWidget(self.complaint, 1)
        for button in (cancel, self.keep, self.run):
            row.addWidget(button)
        return row

    # -------------------------------------------------------------------------------------------------------- showing

    @property
    def engine(self) -> str:
        """The one that is chosen."""
        return engines()[max(self._engines.checkedId(), 0)]

    @property
    def python(self) -> str:
        """The interpreter that is chosen; "" for the likeliest that will do."""
        item = self.table.currentItem()
        return str(item.data(0, _PATH) or "") if item is not None else ""

    def choose(self, engine: str, python: str = "") -> None:
        """Show this choice, as if the user had made it."""
        self._engines.button(engines().index(engine)).setChecked(True)
        for row in range(self.table.topLevelItemCount()):
            item = self.table.topLevelItem(row)
            if item is not None and item.data(0, _PATH) == python:
                self.table.setCurrentItem(item)
                return
        self._add(python, self.tr("chosen"))

    def _fill(self) -> None:
        automatic = QTreeWidgetItem([self.tr("Automatic"), self._automatic(), "", ""])
        automatic.setData(0, _PATH, "")
        self.table.addTopLevelItem(automatic)
        self.table.setCurrentItem(automatic)
        places = self._runner.places()
        for place in places:
            self._add(place.path, place.why, choose=place.path == self._runner.python)
        if self._runner.python and self._runner.python not in [place.path for place in places]:
            self._add(self._runner.python, self.tr("chosen"), choose=True)

    def _automatic(self) -> str:
        return self.tr("gradstep's own") if self.engine == OURS else self.tr("first that fits")

    def _automatically(self) -> str:
        if self.engine == OURS:
            return self.tr("The Python that runs gradstep.")
        return self.tr("The active environment, the project's, or the first on the path that has what is needed.")

    def _add(self, path: str, why: str, *, choose: bool = True) -> None:
        item = QTreeWidgetItem([short(path), why, "", ""])
        item.setData(0, _PATH, path)
        item.setToolTip(0, path)
        self.table.addTopLevelItem(item)
        if choose:
            self.table.setCurrentItem(item)
        told = self._runner.interpreters.known(path)
        if told is None:
            item.setText(3, self.tr("asking..."))
        else:
            self._show(item, told)
        self._runner.interpreters.ask(path)

    @Slot(object)
    def _answered(self, told: Answer) -> None:
        if told.loaded or told.path == self._checking:
            self._tested.add(told.path)
        if told.path == self._checking:
            self._checking = ""
        for row in range(self.table.topLevelItemCount()):
            item = self.table.topLevelItem(row)
            if item is not None and item.data(0, _PATH) == told.path:
                self._show(item, told)
        self._show_verdict()

    def _show(self, item: QTreeWidgetItem, told: Answer) -> None:
        needs = needs_of(self.engine)
        missing = lacks(told, needs)
        has = [f"{name} {told.packages[name]}" for name in needs.names if name in told.packages]
        item.setText(2, told.python)
        item.setText(3, ", ".join(lack.brief for lack in missing) if missing else ", ".join(has))
        item.setIcon(3, icon("error", "bad") if missing else icon("done", "good"))
        item.setToolTip(3, "\n".join(lack.text for lack in missing) or described(told, needs))
        dim = self.palette().color(QPalette.ColorRole.PlaceholderText)
        for column in range(4):
            item.setForeground(column, dim if missing else self.palette().color(QPalette.ColorRole.Text))

    def _engine_changed(self, _: int, on: bool) -> None:
        if not on:
            return
        first = self.table.topLevelItem(0)
        if first is not None:
            first.setText(1, self._automatic())
        for row in range(1, self.table.topLevelItemCount()):
            item = self.table.topLevelItem(row)
            told = self._runner.interpreters.known(str(item.data(0, _PATH))) if item is not None else None
            if item is not None and told is not None:
                self._show(item, told)
        self._show_verdict()

    def _show_verdict(self, *_: object) -> None:
        path, needs = self.python, needs_of(self.engine)
        told = self._runner.interpreters.known(path) if path else None
        self.check.setEnabled(bool(path) and path != self._checking)
        missing = lacks(told, needs) if told is not None else []
        if path and path == self._checking:
            text, picture = self.tr("Importing {0} in {1}...").format(", ".join(needs.names), short(path)), ("info", "ready")
        elif told is None:
            text, picture = (self.tr("Asking {0}...").format(short(path)) if path else self._automatically()), ("info", "ready")
        elif missing:
            text = "\n".join(f"{lack.text} {lack.remedy}".strip() for lack in missing)
            picture = ("error", "bad")
        else:
            checked = self.tr(" Its packages can be imported.") if path in self._tested else ""
            text, picture = described(told, needs) + "." + checked, ("done", "good")
        self.verdict.setText(text)
        self.mark.show_icon(*picture)

    def changeEvent(self, event: QEvent) -> None:
        """Paint rows and mark in the colours of the theme that is in effect now."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "keep"):
            self._engine_changed(0, True)

    # -------------------------------------------------------------------------------------------------------- doing

    @Slot()
    def _check(self) -> None:
        self._checking = self.python
        needs = needs_of(self.engine)
        self._runner.interpreters.ask(self._checking, (*needs.names, *dict(needs.useful)))
        self._show_verdict()

    @Slot()
    def _browse(self) -> None:
        file, _ = QFileDialog.getOpenFileName(self, self.tr("Choose an Interpreter"), str(Path(self.python or "/usr/bin").parent))
        if file:
            self.choose(self.engine, file)

    @Slot()
    def _choose_folder(self) -> None:
        start = self.folder.text() or self.folder.placeholderText()
        folder = QFileDialog.getExistingDirectory(self, self.tr("Choose the Working Folder"), start)
        if folder:
            self.folder.setText(folder)

    @Slot()
    def _check_texts(self) -> bool:
        """Whether arguments and variables can be read; else what is wrong is said."""
        said = ""
        try:
            arguments(self.arguments.text())
            environment(self.environment.toPlainText())
        except ValueError as error:
            said = str(error)
        self.complaint.setText(said)
        for button in (self.keep, self.run):
            button.setEnabled(not said)
        return not said

    @Slot()
    def _keep(self) -> None:
        if not self._check_texts():
            return
        group = "script" if self._of_script else "running"
        self._preferences.set(f"{group}/engine", self.engine)
        self._preferences.set(f"{group}/python", self.python)
        if self._of_script:
            self._preferences.set("script/arguments", self.arguments.text().strip())
            self._preferences.set("script/folder", self.folder.text().strip())
            self._preferences.set("script/environment", self.environment.toPlainText().strip())
        self.accept()

    @Slot()
    def _keep_and_run(self) -> None:
        self._keep()
        if self.result() == QDialog.DialogCode.Accepted:
            self.run_wished.emit()
