"""Texts in the user's language, for files that have no QObject to ask, and the English forms of one and many.

A QObject says ``self.tr("...")``. Everything else, and every text that counts something, says ``translate``. Values are put in
with ``format``, never glued on: another language has another order of words.
"""

from __future__ import annotations

import re
import unicodedata

from PySide6.QtCore import QCoreApplication

_FORMS = re.compile(r"\((?:(\w*)\|)?(\w+)\)")  # "(s)": nothing or s; "(is|are)": is or are


def is_right_to_left(text: str) -> bool:
    """Whether the first letter of a text that has a direction is one of Arabic, Hebrew and their like. Where none has one, as in
    ``6x6x2``, the text is read from the left in every language."""
    return next((kind for kind in map(unicodedata.bidirectional, text) if kind in ("L", "R", "AL")), "L") != "L"


def translate(context: str, text: str, n: int | None = None) -> str:
    """The text in the user's language.

    ``n`` is how many there are: it stands where ``%n`` is, and chooses the form of the language. English has its forms in the
    text: ``%n value(s) (is|are) shown`` is "1 value is shown" and "3 values are shown".
    """
    if n is None:
        return QCoreApplication.translate(context, text)
    found = QCoreApplication.translate(context, text, None, n)
    return _FORMS.sub(lambda form: (form[1] or "") if n == 1 else form[2], found)
