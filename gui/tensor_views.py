"""What the tensor panel needs beside values: exports, ways to the moments of its tabs, and an end to what the program held."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from .models.debug_model import DebugModel
from .panels.tensor_panel import TensorPanel
from .tensor_exports import TensorExports


class TensorViews(QObject):
    """Wires the panel to the model."""

    said = Signal(str)  # what was done, or could not be

    def __init__(self, model: DebugModel, panel: TensorPanel, window: QWidget) -> None:
        super().__init__(window)
        self._panel = panel
        self.exports = TensorExports(panel, window)
        self.exports.said.connect(self.said)
        self.exports.failed.connect(self.said)
        panel.moment_picked.connect(model.move_to)
        model.tape_changed.connect(self._tape_changed)

    def stop(self) -> None:
        """The window closes."""
        self.exports.cancel()
        self._panel.close_sources()

    @Slot()
    def _tape_changed(self) -> None:
        """Another run: what locked tabs asked of the program before is not asked of this one, in which numbers mean other tensors."""
        self._panel.leave_program()
