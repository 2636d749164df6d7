"""What the File menu does with files: asks for one, saves the tape, exports the graph."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
from PySide6.QtCore import QObject, QSettings, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from gradstep.engine.extensions.guard import Guard, PluginError
from gradstep.engine.kept import whole as whole_file
from gradstep.engine.tape.reader import Tape

from ..canvas import GraphCanvas
from . import recent
from .export import export_canvas

EXPORTERS = "gradstep.exporters"


def in_form(file: Path, kind: str, proposed: Path) -> Path:
    """A file that was chosen under a kind, as "PDF document (*.pdf)", with the kind's suffix where the user wrote none or left the name as
    it was proposed. A suffix that he wrote stays."""
    _, _, suffix = kind.rstrip(")").rpartition("(*")
    if suffix.startswith(".") and (not file.suffix or file == proposed):
        return file.with_name((file.name if not file.suffix else file.stem) + suffix)
    return file


class FileCommands(QObject):
    """Asks the user by dialogs and says by signals what came of it."""

    file_picked = Signal(str)  # the user chose a script, a tape or a folder of ranks to open
    said = Signal(str)  # something was done
    failed = Signal(str)  # something could not be done, and why

    def __init__(self, window: QWidget, settings: QSettings) -> None:
        super().__init__(window)
        self._window, self._settings = window, settings

    def ask_script(self) -> None:
        """Let the user choose a script."""
        self._ask(self.tr("Open Script"), self.tr("Python scripts (*.py)"))

    def ask_tape(self) -> None:
        """Let the user choose a tape."""
        self._ask(self.tr("Open Tape"), self.tr("gradstep tapes (*.gst)"))

    def ask_ranks(self) -> None:
        """Let the user choose a folder with the tapes of a job's ranks."""
        folder = QFileDialog.getExistingDirectory(self._window, self.tr("Open Folder of Ranks"), self._folder())
        if folder:
            self.file_picked.emit(folder)

    def ask_other_tape(self) -> str:
        """Let the user choose a tape to compare with; "" where none is."""
        return QFileDialog.getOpenFileName(self._window, self.tr("Compare With"), self._folder(), self.tr("gradstep tapes (*.gst)"))[0]

    def _ask(self, title: str, kinds: str) -> None:
        file, _ = QFileDialog.getOpenFileName(self._window, title, self._folder(), kinds)
        if file:
            self.file_picked.emit(file)

    def _folder(self) -> str:
        files = recent.recent(self._settings)
        return str(files[0].parent) if files else str(Path.cwd())

    def ask_place(self, stem: str) -> str:
        """Let the user choose where to keep a tape; "" for nowhere."""
        kinds = self.tr("gradstep tapes (*.gst)")
        return QFileDialog.getSaveFileName(self._window, self.tr("Save Tape As"), f"{self._folder()}/{stem}.gst", kinds)[0]

    def ask_save_tape(self, tape: Tape, stem: str) -> None:
        """Keep a tape where the user chooses."""
        file = self.ask_place(stem)
        if file:
            self.save_tape(tape, Path(file))

    def save_tape(self, tape: Tape, file: Path) -> None:
        """Copy a tape, as far as it is written, to ``file``: wholly or not at all; also where its own file was deleted."""
        try:
            with whole_file(file, "wb") as stream:
                tape.copy(stream)
        except OSError as error:
            self.failed.emit(self.tr("The tape could not be saved to {0}: {1}").format(file, error.strerror or error))
            return
        self.said.emit(self.tr("Saved {0}").format(file))

    def ask_save_values(self, text: str, stem: str) -> None:
        """Let the user choose where to keep comma-separated values."""
        kinds = self.tr("Comma-separated values (*.csv)")
        file, _ = QFileDialog.getSaveFileName(self._window, self.tr("Save Statistics"), f"{self._folder()}/{stem}.csv", kinds)
        if file:
            self.save_values(text, Path(file))

    def save_values(self, text: str, file: Path) -> None:
        """Write comma-separated values: wholly or not at all."""
        try:
            with whole_file(file, "wb") as stream:
                stream.write(text.encode())
        except OSError as error:
            self.failed.emit(self.tr("{0} was not written: {1}").format(file, error.strerror or error))
            return
        self.said.emit(self.tr("Saved {0}").format(file))

    def ask_export(self, canvas: GraphCanvas, *, whole: bool = False) -> None:
        """Let the user choose where to save what the graph shows, or all of it, as a picture."""
        kinds = self.tr("SVG drawing (*.svg);;PDF document (*.pdf);;PNG picture (*.png)")
        title = self.tr("Export Whole Graph") if whole else self.tr("Export View")
        first = f"{self._folder()}/graph.svg"
        file, kind = QFileDialog.getSaveFileName(self._window, title, first, kinds)
        if file:
            self.export(canvas, in_form(Path(file), kind, Path(first)), whole=whole)

    def export(self, canvas: GraphCanvas, file: Path, *, whole: bool = False) -> None:
        """Save the graph as a picture."""
        try:
            export_canvas(canvas, file, whole=whole)
        except OSError as error:
            self.failed.emit(self.tr("The picture could not be saved to {0}: {1}").format(file, error.strerror or error))
            return
        except ValueError as error:
            self.failed.emit(self.tr("The picture could not be saved: {0}").format(error))
            return
        self.said.emit(self.tr("Saved {0}").format(file))

    def ask_export_data(self, graph: nx.DiGraph, guard: Guard, title: str) -> None:
        """Let the user choose where to save the graph that is shown for other programs, in the forms that plug-ins give."""
        features = guard.enabled(EXPORTERS)
        kinds = ";;".join(f"{feature.name.upper()} (*.{feature.name})" for feature in features)
        if not features:
            self.failed.emit(self.tr("No exporter is switched on: see Plug-ins."))
            return
        first = f"{self._folder()}/graph.{features[0].name}"
        file, kind = QFileDialog.getSaveFileName(self._window, self.tr("Export Graph Data"), first, kinds)
        if file:
            self.export_data(graph, guard, in_form(Path(file), kind, Path(first)), title)

    def export_data(self, graph: nx.DiGraph, guard: Guard, file: Path, title: str) -> None:
        """Save the graph by the exporter of the file's suffix."""
        try:
            guard.call(guard.find(EXPORTERS, file.suffix.lower().removeprefix(".")), graph, file, title=title)
        except PluginError as error:
            self.failed.emit(self.tr("{0} was not written: {1}").format(file, error))
            return
        self.said.emit(self.tr("Saved {0}").format(file))
