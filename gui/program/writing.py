"""What the program writes, brought to the panel that shows it, and the file in which all of it stands."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from ..frame import wording
from ..panels.output_panel import OutputPanel
from .session import DebugSession


class Writing(QObject):
    """Standard output and error of the program."""

    said = Signal(str)  # where all of it stands

    def __init__(self, session: DebugSession, panel: OutputPanel, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._panel = session, panel
        session.output.connect(panel.show_output)
        session.skipped.connect(self._skipped)
        session.ended.connect(lambda _: self._show_log())
        panel.log_wished.connect(self._say_log)

    @Slot(str, int)
    def _skipped(self, stream: str, size: int) -> None:
        text = self.tr("({0} of {1} not shown; all of it is in the run's folder)\n").format(wording.size_text(size), stream)
        self._panel.show_output("console", text)

    def _folder(self) -> str:
        return str(self._session.folder.path) if self._session.folder is not None else ""

    def _show_log(self) -> None:
        if self._folder():
            self._panel.show_log(self._folder())

    @Slot()
    def _say_log(self) -> None:
        if self._folder():
            self.said.emit(self._folder())
