"""Help > Op Reference: the declared ops, searched, each with its doc, what backward keeps and the rule."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QEvent, QObject, Qt, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QLabel, QLineEdit, QListWidget, QListWidgetItem, QSplitter, QTextBrowser, QVBoxLayout, QWidget

from .. import theme
from ..translation import translate
from ..widgets.elided import WholeTexts
from .ops import OpFacts, search

_NAME = Qt.ItemDataRole.UserRole
MOST, MANY = 5, 12  # calls that lead to an op, and ops in whose gradients it stands, that are named
_MOVES = (Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp)


class OpPages(QDialog):
    """Not modal: it may stay open beside the work. One types, and Up and Down go through what was found."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("opReference")
        self.setWindowTitle(self.tr("Op Reference"))
        self.setAccessibleName(self.tr("Op Reference"))
        self.field = QLineEdit()
        self.field.setAccessibleName(self.tr("Search ops"))
        self.field.setPlaceholderText(self.tr("Name, PyTorch's name, node, or words of the description"))
        self.field.setClearButtonEnabled(True)
        self.field.textChanged.connect(self._search)
        self.field.installEventFilter(self)
        self.count = QLabel()
        self.count.setProperty("role", "dim")
        self.list = QListWidget()
        self.list.setItemDelegate(WholeTexts(self.list))
        self.list.setAccessibleName(self.tr("Ops"))
        self.list.setFont(theme.mono_font(12))
        self.list.setUniformItemSizes(True)
        self.list.currentItemChanged.connect(self._show_current)
        self.text = QTextBrowser()
        self.text.setAccessibleName(self.tr("About the op"))
        self.text.setOpenLinks(False)
        self.text.document().setDocumentMargin(14)
        sides = QSplitter(Qt.Orientation.Horizontal)
        sides.setChildrenCollapsible(False)
        sides.addWidget(self.list)
        sides.addWidget(self.text)
        sides.setStretchFactor(1, 1)
        column = QVBoxLayout(self)
        column.addWidget(self.field)
        column.addWidget(sides, 1)
        column.addWidget(self.count)
        self._found: dict[str, OpFacts] = {}
        metrics, screen = self.fontMetrics(), self.screen().availableGeometry()
        self.resize(min(metrics.averageCharWidth() * 140, screen.width() - 40), min(metrics.height() * 38, screen.height() - 60))
        sides.setSizes([self.width() // 4, self.width() * 3 // 4])  # lines of code are not broken where the screen allows it
        self._search("")

    def bring(self, name: str = "") -> None:
        """Show the reference, at an op where one is named."""
        if name or self.isHidden():
            self.field.setText(name)
        self.show()
        self.activateWindow()
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)
        self.field.selectAll()

    @Slot(str)
    def _search(self, text: str) -> None:
        found = search(text)
        self._found = {op.name: op for op in found}
        self.list.clear()
        for op in found:
            item = QListWidgetItem(op.name)
            item.setData(_NAME, op.name)
            item.setToolTip(op.call or self.tr("Called by others: {0}").format(", ".join(op.through[:MOST]) or ", ".join(op.within[:MOST])))
            self.list.addItem(item)
        self._colour()
        none = self.tr("No op fits. Functions that are made of ops have no page: their parts have.")
        self.count.setText(translate("OpPages", "%n op(s)", len(found)) if found else none)
        if found:
            self.list.setCurrentRow(0)
        else:
            self.text.clear()

    def _colour(self) -> None:
        """Ops that nobody calls by their name are pale."""
        look = theme.current()
        for item in (self.list.item(place) for place in range(self.list.count())):
            item.setForeground(look.text if self._found[item.data(_NAME)].call else look.dim)

    @Slot(QListWidgetItem, QListWidgetItem)
    def _show_current(self, item: QListWidgetItem | None, _: QListWidgetItem | None = None) -> None:
        op = self._found.get(item.data(_NAME)) if item is not None else None
        self.text.setHtml(self._page(op) if op is not None else "")
        self.field.setAccessibleDescription(f"{op.name}. {op.doc}" if op is not None else self.count.text())

    def _page(self, op: OpFacts) -> str:
        look, mono = theme.current(), theme.mono_font(12)
        code = f"font-family:{mono.family()}; font-size:{mono.pixelSize()}px"
        none = self.tr("nothing") if op.node else self.tr("nothing: it has no derivative")
        facts = [
            (self.tr("Op"), op.name),
            (self.tr("Family"), op.family),
            (self.tr("Node"), op.node or self.tr("none")),
            (self.tr("Backward keeps"), ", ".join(op.keeps) or none),
        ]
        dim, cell = f"color:{look.dim.name()}", "padding:2px 0"
        table = "".join(
            f"<tr><td style='{dim}; {cell}'>{escape(name)}&nbsp;&nbsp;</td><td style='{cell}'>{escape(text)}</td></tr>"
            for name, text in facts
        )
        table = f"<table cellspacing='0' cellpadding='0' style='margin-top:8px'>{table}</table>"
        doc = "".join(f"<p>{_marked(part, code)}</p>" for part in op.doc.split("\n\n"))
        pre = f"{code}; white-space:pre-wrap"
        rules = "".join(
            f"<p style='{dim}'>{escape(self.tr('The gradient of {0}').format(name))}</p><pre style='{pre}'>{escape(rule)}</pre>"
            for name, rule in op.rules.items()
        )
        helpers = "".join(f"<pre style='{pre}'>{escape(text)}</pre>" for text in op.helpers.values())
        if helpers:
            helpers = f"<p style='{dim}'>{escape(self.tr('where'))}</p>{helpers}"
        note = f"<p style='{dim}'>{escape(self.tr('g is the gradient that arrived, out the result.'))}</p>" if op.rules else ""
        head = f"<p style='{code}; font-weight:600'>{escape(op.call or op.name)}</p>"
        return f"{head}{doc}{self._ways(op, code, dim)}{table}{rules}{helpers}{note}"

    def _ways(self, op: OpFacts, code: str, dim: str) -> str:
        """How one comes to an op that nobody calls by its name, and the gradients that it stands in."""
        parts = []
        if op.through:
            calls = "".join(f"<br><span style='{code}'>{escape(call)}</span>" for call in op.through[:MOST])
            more = translate("OpPages", "and %n other function(s)", len(op.through) - MOST) if len(op.through) > MOST else ""
            parts.append(f"<p><span style='{dim}'>{escape(self.tr('Called by'))}</span>{calls}{f'<br>{escape(more)}' if more else ''}</p>")
        if op.within and not op.call:
            names = f"<span style='{code}'>{escape(', '.join(op.within[:MANY]))}</span>"
            parts.append(f"<p><span style='{dim}'>{escape(self.tr('Stands in the gradient of'))}</span> {names}</p>")
        return "".join(parts)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keys of the list reach it from the field."""
        if event.type() is QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() in _MOVES and self.list.count():
            step = {_MOVES[0]: 1, _MOVES[1]: -1, _MOVES[2]: 12, _MOVES[3]: -12}[Qt.Key(event.key())]
            self.list.setCurrentRow(max(0, min(self.list.currentRow() + step, self.list.count() - 1)))
            return True
        return False

    def changeEvent(self, event: QEvent) -> None:
        """Write the page again in the colours of the theme that is in effect now."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "_found"):
            self._colour()
            self._show_current(self.list.currentItem())


def _marked(text: str, code: str) -> str:
    """A paragraph whose ``words in double backquotes`` are code."""
    parts = escape(text).split("``")
    return "".join(f"<span style='{code}'>{part}</span>" if place % 2 else part for place, part in enumerate(parts))
