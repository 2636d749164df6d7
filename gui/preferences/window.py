"""The window in which everything is set: pages at the left, a search over all of them, each change at once."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from ..translation import translate
from .row import CONTEXT, PreferenceRow
from .schema import ABOUT, PREFERENCES, Page
from .store import Preferences


class _Section(QWidget):
    """A page: its name, what it is about, its rows."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self.page = page
        self.rows: list[PreferenceRow] = []
        self.extra: list[tuple[QWidget, str]] = []  # what is no row, and the words that find it
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 18)
        self.column.setSpacing(2)
        title = QLabel(translate(CONTEXT, page.value))
        title.setProperty("role", "title")
        self.column.addWidget(title)
        self.about = QLabel(translate(CONTEXT, ABOUT.get(page, "")))
        self.about.setProperty("role", "dim")
        self.about.setWordWrap(True)
        self.about.setVisible(page in ABOUT)
        self.column.addWidget(self.about)
        self.column.addSpacing(6)

    def search(self, words: list[str]) -> bool:
        """Show the rows that have all these words, all of them where the page's own name has; False where nothing is left."""
        own = f"{translate(CONTEXT, self.page.value)} {self.about.text()}".casefold()
        all_ = all(word in own for word in words)
        found = all_
        for row in self.rows:
            fits = all_ or row.fits(words)
            row.setVisible(fits)
            found = found or fits
        for widget, text in self.extra:
            fits = all_ or all(word in text.casefold() for word in words)
            widget.setVisible(fits)
            found = found or fits
        return found


class PreferencesWindow(QDialog):
    """Not modal: what is changed is seen at once in the window behind it."""

    plug_ins_wished = Signal()  # the user wants to see the plug-ins

    def __init__(self, preferences: Preferences, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("preferences")
        self.setWindowTitle(self.tr("Preferences"))
        self.setAccessibleName(self.tr("Preferences"))
        self.setModal(False)
        self._preferences = preferences
        self._rows: dict[str, PreferenceRow] = {}
        self._sections: dict[Page, _Section] = {}
        self.field = QLineEdit()
        self.field.setAccessibleName(self.tr("Search preferences"))
        self.field.setPlaceholderText(self.tr("Search"))
        self.field.setClearButtonEnabled(True)
        self.field.textChanged.connect(self._search)
        self.pages = QListWidget()
        self.pages.setAccessibleName(self.tr("Pages"))
        self.pages.currentItemChanged.connect(self._turned)
        self._none = QLabel(self.tr("No preference has these words."))
        self._none.setProperty("role", "dim")
        self._none.hide()
        body = QWidget()
        self._column = QVBoxLayout(body)
        self._column.setContentsMargins(18, 14, 18, 14)
        self._column.addWidget(self._none)
        for page in Page:
            self._add(page)
        self._column.addStretch(1)  # rows stand close below each other, and do not share what room is left
        self._scroll = QScrollArea()
        self._scroll.setWidget(body)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        left = QVBoxLayout()
        left.addWidget(self.field)
        left.addWidget(self.pages, 1)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(10, 10, 0, 10)
        outer.addLayout(left)
        outer.addWidget(self._scroll, 1)
        self._fit()
        preferences.changed.connect(self._show)
        for name in self._rows:
            self._show(name)
        self._offer_script()
        self.pages.setCurrentRow(0)

    def _add(self, page: Page) -> None:
        section = self._sections[page] = _Section(page)
        for preference in PREFERENCES:
            if preference.page is page:
                row = PreferenceRow(preference)
                row.wished.connect(self._wish)
                row.reset_wished.connect(self._preferences.reset)
                self._rows[preference.name] = row
                section.rows.append(row)
                section.column.addWidget(row)
        if page is Page.PLUGINS:
            self.add(page, self._button(self.tr("Show Plug-ins"), self.plug_ins_wished.emit), self.tr("Show Plug-ins"))
        if page is Page.ADVANCED:
            self.add(page, self._button(self.tr("Reset All Preferences"), self._preferences.reset_all), self.tr("Reset All Preferences"))
        item = QListWidgetItem(translate(CONTEXT, page.value))
        item.setData(Qt.ItemDataRole.UserRole, page.value)
        self.pages.addItem(item)
        self._column.addWidget(section)

    def _button(self, text: str, pressed: object) -> QWidget:
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 4, 0, 0)
        button = QPushButton(text)
        button.setAutoDefault(False)
        button.clicked.connect(lambda: pressed())  # type: ignore[operator]
        row.addWidget(button)
        row.addStretch()
        return line

    def add(self, page: Page, widget: QWidget, words: str, *, fills: bool = False) -> None:
        """Put something that is no row onto a page; ``words`` find it. ``fills``: it takes what room the page has."""
        section = self._sections[page]
        if fills:
            self._column.setStretchFactor(section, 1000)
        section.extra.append((widget, words))
        section.column.addWidget(widget, 1 if fills else 0)

    def _fit(self) -> None:
        """As large as the text asks for and the screen allows."""
        metrics = self.fontMetrics()
        self.pages.setFixedWidth(max(metrics.horizontalAdvance(translate(CONTEXT, page.value)) for page in Page) + 60)
        self.field.setFixedWidth(self.pages.width())
        screen = self.screen().availableGeometry()
        self.resize(min(metrics.averageCharWidth() * 120, screen.width() - 40), min(metrics.height() * 42, screen.height() - 60))

    # ------------------------------------------------------------------------------------ showing

    def bring(self, page: Page | None = None) -> None:
        """Show the window, at a page."""
        if page is not None:
            self.field.clear()
            self.pages.setCurrentRow(list(Page).index(page))
        self._offer_script()
        self.show()
        self.activateWindow()
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)

    def _offer_script(self) -> None:
        """What is set for a script alone can be set where one is open."""
        section = self._sections[Page.SCRIPT]
        script = self._preferences.script
        text = translate(CONTEXT, ABOUT[Page.SCRIPT]) if script else self.tr("Open a script first: each has its own.")
        section.about.setText(f"{text}\n{script}" if script else text)
        for row in section.rows:
            row.setEnabled(bool(script))

    @Slot()
    def show_script(self) -> None:
        """Another script is open."""
        self._offer_script()
        for row in self._sections[Page.SCRIPT].rows:
            self._show(row.preference.name)

    @Slot(str)
    def _show(self, name: str) -> None:
        self._rows[name].show_value(self._preferences[name], changed=not self._preferences.is_default(name))
        if name == "appearance/percent":
            self._fit()

    @Slot(str, object)
    def _wish(self, name: str, value: object) -> None:
        try:
            self._preferences.set(name, value)  # type: ignore[arg-type]
        except ValueError as error:
            self._rows[name].show_error(str(error))
        else:
            self._rows[name].show_value(self._preferences[name], changed=not self._preferences.is_default(name))

    @Slot()
    def _turned(self) -> None:
        if not self.field.text().strip():
            self._search("")
        self._scroll.verticalScrollBar().setValue(0)

    @Slot(str)
    def _search(self, text: str) -> None:
        """Without words the page that is chosen, else what has them on any page."""
        words = text.casefold().split()
        item = self.pages.currentItem()
        chosen = item.data(Qt.ItemDataRole.UserRole) if item is not None else ""
        any_ = False
        for page, section in self._sections.items():
            found = section.search(words)
            section.setVisible(found if words else page.value == chosen)
            self.pages.item(list(Page).index(page)).setHidden(bool(words) and not found)
            any_ = any_ or found
        self._none.setVisible(bool(words) and not any_)
