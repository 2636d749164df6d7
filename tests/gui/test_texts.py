"""Every text that a user sees goes through translation: no bare literal reaches a call that shows one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

GUI = Path(__file__).resolve().parent.parent.parent / "gui"
FILES = sorted(file for file in GUI.rglob("*.py") if "examples" not in file.parts)

# what shows its text arguments
SHOW = {
    "setText", "setToolTip", "setStatusTip", "setWindowTitle", "setAccessibleName", "setAccessibleDescription", "setPlaceholderText",
    "setPlainText", "setTitle", "addAction", "addMenu", "addTab", "insertTab", "setTabText", "setLabelText", "setWhatsThis",
    "setHeaderLabels", "setHorizontalHeaderLabels", "setVerticalHeaderLabels", "showMessage", "setSuffix", "setPrefix",
    "setSpecialValueText", "setInformativeText", "addButton", "addItem", "addItems", "setHtml", "setLabel", "drawText",
    "QLabel", "QPushButton", "QCheckBox", "QRadioButton", "QGroupBox", "QAction", "QMenu", "QTableWidgetItem", "QTreeWidgetItem",
    "QListWidgetItem", "getOpenFileName", "getSaveFileName", "getExistingDirectory", "about",
    "show_message", "show_error", "show_notice", "set_empty_text", "say", "DetailTree", "Line", "Choice", "Entry",
}  # fmt: skip
SKIPPED = {"Choice": 1, "Entry": 1, "Line": 0, "getOpenFileName": 1}  # first arguments that nobody sees: an id, an icon's name
UNSEEN = {"picture", "token", "id", "key", "name"}
WORD = re.compile(r"[A-Za-z]{2}")
# markup, the ends of files' names, and keys
MARKUP = re.compile(r"<[^>]*(>|$)|(^|[*/ (]|/\w+)\.\w+\b|\b((Ctrl|Shift|Alt)\+)+\w+|&\w+;|[\w-]+:[^;\"']*;?|https?://\S+")
NAMES = {
    "gradstep",
    "NaN",
    "Inf",
    "nan",
    "inf",
    "None",
    "Python",
    "AccumulateGrad",
    "NumPy",
    "CSV",
    "PNG",
    "safetensors",
}  # written the same in every language


def called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def literals(node: ast.expr) -> Iterator[ast.Constant]:
    """The texts in an argument that are shown as they stand."""
    match node:
        case ast.Constant(value=str()):
            yield node
        case ast.JoinedStr():
            for part in node.values:
                if isinstance(part, ast.Constant):
                    yield part
                elif isinstance(part, ast.FormattedValue):
                    yield from literals(part.value)
        case ast.BinOp():
            yield from literals(node.left)
            yield from literals(node.right)
        case ast.IfExp():
            yield from literals(node.body)
            yield from literals(node.orelse)
        case ast.BoolOp():
            for value in node.values:
                yield from literals(value)
        case ast.List() | ast.Tuple():
            for element in node.elts:
                yield from literals(element)
        case ast.Starred():
            yield from literals(node.value)
        case ast.Call() if called(node) == "format" and isinstance(node.func, ast.Attribute):
            yield from literals(node.func.value)
            for argument in node.args:
                yield from literals(argument)
        case ast.Call() if called(node) == "join" and node.args:
            yield from literals(node.args[0])


def bare(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and text of each literal that is shown untranslated."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and called(node) in SHOW:
            shown = [word.value for word in node.keywords if word.arg not in UNSEEN]
            for argument in (*node.args[SKIPPED.get(called(node), 0) :], *shown):
                for literal in literals(argument):
                    text = MARKUP.sub(" ", str(literal.value))
                    if WORD.search(text) and not set(re.findall(r"[A-Za-z]{2,}", text)) <= NAMES:
                        yield literal.lineno, str(literal.value)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(GUI).as_posix())
def test_no_bare_text_is_shown(file: Path) -> None:
    assert list(bare(ast.parse(file.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(GUI).as_posix())
def test_what_is_translated_is_a_whole_text_that_a_translator_can_find(file: Path) -> None:
    """A text that is put together before it is translated is in no catalogue; a glued one has the words of English in order."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and called(node) in ("tr", "_tr") and node.args:
            assert not isinstance(node.args[0], ast.JoinedStr | ast.BinOp), node.lineno
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            glued = [side for side in (node.left, node.right) if isinstance(side, ast.Call) and called(side) in ("tr", "_tr")]
            assert len(glued) < 2, node.lineno


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("label.setText('Open')", ["Open"]),
        ("label.setText(self.tr('Open'))", []),
        ("label.setText(f'{n} nodes')", [" nodes"]),
        ("label.setText(self.tr('{0} nodes').format(n))", []),
        ("label.setText('{0} nodes'.format(n))", ["{0} nodes"]),
        ("QLabel('Open' if a else self.tr('Close'))", ["Open"]),
        ("QLabel('gradstep')", []),
        ("label.setText('<b>' + name + '</b>')", []),
        ("tree.setHeaderLabels(['Name', self.tr('Size')])", ["Name"]),
        ("widget.setObjectName('panel')", []),
    ],
)
def test_the_walk_finds_what_is_bare(line: str, found: list[str]) -> None:
    assert [text for _, text in bare(ast.parse(line))] == found


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(GUI).as_posix())
def test_the_window_opens_no_connection_to_a_network(file: Path) -> None:
    """What the preferences say under Privacy: a local socket to the program that is debugged is all there is."""
    reach_out = {"socket", "ssl", "http", "urllib", "ftplib", "smtplib", "asyncio", "requests", "httpx", "aiohttp"}
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            assert not {alias.name.partition(".")[0] for alias in node.names} & reach_out
        elif isinstance(node, ast.ImportFrom) and not node.level:
            assert (node.module or "").partition(".")[0] not in reach_out
            if node.module == "PySide6.QtNetwork":
                assert {alias.name for alias in node.names} <= {"QLocalSocket"}
            assert "QDesktopServices" not in {alias.name for alias in node.names}
