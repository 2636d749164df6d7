"""Text of a tape or a script where Qt would look for markup: shown as it is, letter by letter."""

from __future__ import annotations

from html import escape

from PySide6.QtGui import Qt

from gradstep.engine.tape.visible import visible


def tip(text: str) -> str:
    """A tooltip that says this text. Qt takes what looks like HTML for HTML, and a picture in it for a file to read."""
    clear = visible(text, keep="\n\t")
    if not Qt.mightBeRichText(clear):
        return clear
    return f"<qt>{escape(clear).replace(chr(10), '<br>')}</qt>"
