"""Colours for Python source, line by line, in the theme's colours."""

from __future__ import annotations

import builtins
import keyword
import re

from PySide6.QtGui import QColor, QFont, QSyntaxHighlighter, QTextCharFormat, QTextDocument

from .. import theme

_TOKEN = re.compile(
    r"(?P<comment>\#[^\n]*)"
    r"|(?P<string>(?:[rbfuRBFU]{0,2})(?:'''|\"\"\"|'(?:[^'\\\n]|\\.)*'?|\"(?:[^\"\\\n]|\\.)*\"?))"
    r"|(?P<number>\b(?:0[xXoObB][\da-fA-F_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?j?)\b)"
    r"|(?P<decorator>^\s*@[\w.]+)"
    r"|(?P<name>\b[^\W\d]\w*\b)"
)
_BUILTINS = frozenset(name for name in dir(builtins) if not name.startswith("_"))
_SINGLE, _DOUBLE = 1, 2  # block states: inside a string of three single or double quotes


class PythonHighlighter(QSyntaxHighlighter):
    """Keywords, strings (also over several lines), comments, numbers, decorators, builtins and defined names."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self._formats: dict[str, QTextCharFormat] = {}
        self.restyle()

    def restyle(self) -> None:
        """Take the colours of the theme in effect."""
        look = theme.current()
        hues = look.categories
        self._formats = {
            "comment": _format(look.faint, italic=True),
            "string": _format(hues["leaf"]),
            "number": _format(hues["index"]),
            "decorator": _format(hues["custom"]),
            "keyword": _format(hues["activation"]),
            "builtin": _format(hues["elementwise"]),
            "defined": _format(hues["linalg"], bold=True),
        }
        self.rehighlight()

    def highlightBlock(self, text: str) -> None:
        self.setCurrentBlockState(0)
        at = 0
        if self.previousBlockState() in (_SINGLE, _DOUBLE):
            at = self._long_string(text, 0, 0, self.previousBlockState())
        before = ""
        while (match := _TOKEN.search(text, at)) is not None:
            kind, word = match.lastgroup or "", match.group()
            at = match.end()
            if kind == "string" and word.endswith(("'''", '"""')) and len(word.lstrip("rbfuRBFU")) == 3:
                at = self._long_string(text, match.start(), at, _SINGLE if word.endswith("'''") else _DOUBLE)
                continue
            if kind == "name":
                if keyword.iskeyword(word):
                    kind = "keyword"
                elif before in ("def", "class"):
                    kind = "defined"
                elif word in _BUILTINS and not text[: match.start()].endswith("."):
                    kind = "builtin"
                before = word
            if kind in self._formats:
                self.setFormat(match.start(), len(word), self._formats[kind])

    def _long_string(self, text: str, start: int, inside: int, state: int) -> int:
        """Colour a string of three quotes from ``start``; returns where it ends."""
        end = text.find("'''" if state == _SINGLE else '"""', inside)
        stop = len(text) if end < 0 else end + 3
        self.setFormat(start, stop - start, self._formats["string"])
        if end < 0:
            self.setCurrentBlockState(state)
        return stop


def _format(colour: QColor, italic: bool = False, bold: bool = False) -> QTextCharFormat:
    result = QTextCharFormat()
    result.setForeground(colour)
    result.setFontItalic(italic)
    if bold:
        result.setFontWeight(QFont.Weight.DemiBold)
    return result
