"""What the commands of the File menu do with what is open, and what the Edit menu copies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractItemView, QApplication, QWidget

from ..graph.page import GraphPage
from ..graph.presenter import GraphPresenter
from ..guard.plug_ins import PlugIns
from ..models.debug_model import DebugModel
from ..widgets.copying import selected_text
from .file_commands import FileCommands
from .opening import Opening


class FileOrders(QObject):
    """Knows what is open; the asking and writing is that of the file commands."""

    comparison_wished = Signal(str)  # with the tape at a path, or "": of two iterations of the tape that is open

    def __init__(
        self, files: FileCommands, opening: Opening, model: DebugModel, page: GraphPage, graphs: GraphPresenter, plug_ins: PlugIns,
        window: QWidget,
    ) -> None:  # fmt: skip
        super().__init__(window)
        self._files, self._opening, self._model, self._window = files, opening, model, window
        self._canvas, self._graphs, self._plug_ins = page.canvas, graphs, plug_ins

    def slots(self) -> dict[str, Callable[[], Any]]:
        """What the commands of the table do."""
        files = self._files
        return {
            "open": files.ask_script, "open_tape": files.ask_tape, "open_ranks": files.ask_ranks, "save_tape": self.save_tape,
            "export": lambda: files.ask_export(self._canvas), "export_whole": lambda: files.ask_export(self._canvas, whole=True),
            "export_data": self.export_data, "close": self._opening.close, "quit": self._window.close, "copy": self.copy,
            "compare_iterations": lambda: self.comparison_wished.emit(""), "compare_with": self.compare_with,
        }  # fmt: skip

    @Slot()
    def save_tape(self) -> None:
        """Let the user choose where to keep the tape."""
        tape = self._model.tape
        if tape is not None and tape.path:
            self._files.ask_save_tape(tape, Path(self._opening.name or tape.path).stem)

    @Slot()
    def export_data(self) -> None:
        """Let the user choose where to save the graph for other programs."""
        self._files.ask_export_data(self._graphs.whole(), self._plug_ins.guard, self._opening.name)

    @Slot()
    def compare_with(self) -> None:
        """Let the user choose a tape to compare with."""
        tape = self._files.ask_other_tape()
        if tape:
            self.comparison_wished.emit(tape)

    @Slot()
    def copy(self) -> None:
        """Copy what is selected in the part that has the focus."""
        widget: QWidget | None = QApplication.focusWidget()
        while widget is not None:
            copy = getattr(widget, "copy", None)
            if callable(copy):
                copy()
                return
            if isinstance(widget, QAbstractItemView):
                if text := selected_text(widget):
                    QGuiApplication.clipboard().setText(text)
                return
            widget = widget.parentWidget()
