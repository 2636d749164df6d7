"""The user's frames: where a node's forward op was called, or where the program stands."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from gradstep.engine.tape.schema import Frame

from ..panel import Panel
from ..widgets.columns import Columns
from ..widgets.formats import file_name
from .detail_tree import DetailTree, Line
from .notice import Stage


class CallStackPanel(Panel):
    """Stacks, innermost frame first. Frames outside the script's folder are pale."""

    title = "Call Stack"
    about = "The frames of the user's code, innermost first"

    line_picked = Signal(str, int)  # the user wants to see this line of the source

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(180, 80)
        self._tree = DetailTree([self.tr("Function"), self.tr("Line")], parent=self)
        Columns(self._tree, {0: 180}, rest=120)
        self._tree.setAccessibleName(self.tr("Call Stack"))
        self._tree.line_picked.connect(self._go)
        self._tree.line_activated.connect(self._go)
        self._stage = Stage(self._tree, self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._stage)
        self.show_stacks(())

    @Slot(object)
    def show_stacks(self, stacks: Sequence[tuple[str, Sequence[Frame]]]) -> None:
        """Show stacks, each with what it is the stack of ("forward of MulBackward0", "hook clip", "program")."""
        full = [(name, frames) for name, frames in stacks if frames]
        if not full:
            self._stage.show_notice(self.tr("No frames of the script are known here. Select a node to see the calls that made it."))
            return
        self._stage.show_content()
        script = PurePath(full[0][1][-1].file).parent
        self._tree.fill(
            [
                Line((name,), heading=True, children=tuple(self._line(frame, place, script) for place, frame in enumerate(frames)))
                for name, frames in full
            ]
        )

    def _line(self, frame: Frame, place: int, script: PurePath) -> Line:
        own = script in PurePath(frame.file).parents
        where = f"{file_name(frame.file)}:{frame.line}"
        return Line((frame.function, where), frame, dim=not own, strong=own, tip=frame.file, id=place)

    def _go(self, target: object) -> None:
        if isinstance(target, Frame):
            self.line_picked.emit(target.file, target.line)
