"""The words that say where the view stands, in a room that depends on the tape alone and not on what was said before."""

from __future__ import annotations

import re

from PySide6.QtGui import QFont, QFontMetrics
from PySide6.QtWidgets import QWidget

from .. import theme
from ..models.debug_model import DebugModel
from ..widgets.elided import ElidedLabel
from . import wording

PLACE, LARGE = 220, 300  # the least width of the words; the most that it grows to with the letters


def place_text(model: DebugModel) -> str:
    """Where the view stands: "step 5 of 20, backward 1 (2 passes)"; "" where there is no backward pass."""
    tape, run = model.tape, model.run
    if tape is None or run not in tape.runs:
        return ""
    text = wording.step_text(model.begun, len(tape.runs[run].needed))
    runs = list(tape.runs)
    if len(runs) > 1:
        text += wording.run_text(runs.index(run), len(runs))
    return text if model.is_live else wording.past_text(text)


def longest_place(model: DebugModel) -> str:
    """The most that will be said of this pass while the tape has as many: its end, in the past; "" where there is no backward pass."""
    tape, run = model.tape, model.run
    if tape is None or run not in tape.runs:
        return ""
    steps = len(tape.runs[run].needed)
    text = wording.step_text(steps, steps)
    if len(tape.runs) > 1:
        text += wording.run_text(len(tape.runs) - 1, len(tape.runs))
    return wording.past_text(text)


class PlaceLabel(ElidedLabel):
    """A line whose width follows from the longest that will be said, so that the buttons beside it stand still."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("placeLabel")
        self._longest = ""

    def say(self, text: str, longest: str) -> None:
        """Say where the view stands, and keep room for the longest that will be said."""
        self._longest = longest
        if text != self.text():
            self.setText(text)

    def wanted(self) -> int:
        """The width in pixels that it needs, whichever digits are said, also in the letters of the past."""
        bold = QFont(self.font())
        bold.setWeight(QFont.Weight.DemiBold)
        metrics = QFontMetrics(bold)
        widest = max("0123456789", key=metrics.horizontalAdvance)
        needs = metrics.horizontalAdvance(re.sub(r"\d", widest, self._longest)) + 2
        return max(needs, self.least())

    @staticmethod
    def least() -> int:
        """The width that it has also where less is said."""
        return min(theme.scaled(PLACE), LARGE)
