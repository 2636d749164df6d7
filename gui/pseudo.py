"""A language for whoever works on the window: English with accents and 40 % longer, so that it shows what is not translated and what
is cut off. ``gradstep --language pseudo`` speaks it, ``pseudo-rtl`` from right to left."""

from __future__ import annotations

import re

from PySide6.QtCore import QObject, Qt, QTranslator
from PySide6.QtWidgets import QApplication

LANGUAGES = ("pseudo", "pseudo-rtl")
LONGER = 0.4
_ACCENTS = str.maketrans("aeiouyAEIOUYcnCN", "áéíóúýÁÉÍÓÚÝçñÇÑ")
# what is no word: places for values, markup, entities, file patterns and types, the forms of one and many
_KEPT = re.compile(r"(\{[^}]*\}|%\w+|<[^>]*>|&\w+;|\([^)]*\*\.[^)]*\)|;;|\.\w+\b|\n)")


def pseudo(text: str) -> str:
    """The text in the language: ``Ópéñ Sçrípt`` and some more; places for values stay."""
    if not re.search(r"[A-Za-z]{2}", _KEPT.sub("", text)):
        return text
    parts = [part if _KEPT.fullmatch(part) else part.translate(_ACCENTS) for part in _KEPT.split(text)]
    more = max(1, round(len(text) * LONGER))
    ending = " " + ("ñéxt " * (more // 5 + 1))[: max(1, more - 1)].rstrip()
    kinds = text.endswith(")") and "*." in text
    return "".join(parts) if kinds else "".join(parts) + ending


def spoken(text: str) -> bool:
    """Whether a text is in the language, at least in part."""
    return any(letter in "áéíóúýÁÉÍÓÚÝçñÇÑ" for letter in text)


class PseudoTranslator(QTranslator):
    """Translates everything that is asked for."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.asked: set[str] = set()

    def translate(self, context: str, sourceText: str, disambiguation: str | None = None, n: int = -1) -> str:
        self.asked.add(sourceText)
        return pseudo(sourceText)

    def isEmpty(self) -> bool:
        """Qt asks no translator that is empty."""
        return False


def speak(app: QApplication, language: str) -> PseudoTranslator:
    """The application speaks the language from now on; what is made already keeps its words."""
    translator = PseudoTranslator(app)
    app.installTranslator(translator)
    if language == "pseudo-rtl":
        app.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    return translator
