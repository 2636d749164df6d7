"""Writes values to files, piece by piece beside everything else; each can be cancelled and leaves nothing half behind."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from gradstep.engine.tape.overview import Index

from ..panels.tensor_panel import ExportWish, TensorPanel
from .files import KINDS, TensorFile, cut_shape
from .passes import Pass
from .sources import Array, Part

PATIENCE = 300  # milliseconds: what takes longer says so
_KINDS = {"npy": "NumPy (*.npy)", "safetensors": "safetensors (*.safetensors)", "csv": "CSV (*.csv)", "png": "PNG (*.png)"}


class TensorExports(QObject):
    """One export at a time; another wish waits until it is over, or cancelled."""

    said = Signal(str)  # something was done
    failed = Signal(str)  # something could not be done, and why

    def __init__(self, panel: TensorPanel, window: QWidget) -> None:
        super().__init__(window)
        self._panel, self._window = panel, window
        self._running: Pass | None = None
        self._file: TensorFile | None = None
        self._wish: ExportWish | None = None
        self._share = 0.0
        self._why = ""  # it could not be written on
        self._patience = QTimer(self, singleShot=True, interval=PATIENCE)
        self._patience.timeout.connect(self._show)
        panel.export_wished.connect(self.ask)
        panel.cancel_wished.connect(self.cancel)
        panel.said.connect(self.said)

    @Slot(object)
    def ask(self, wish: ExportWish) -> None:
        """Let the user choose a file."""
        name = re.sub(r"[^\w.-]+", "_", wish.name).strip("._") or "tensor"
        file, _ = QFileDialog.getSaveFileName(self._window, self.tr("Export"), f"{Path.cwd()}/{name}.{wish.form}", _KINDS[wish.form])
        if file:
            self.export(wish, Path(file))
        else:
            wish.source.close()

    def export(self, wish: ExportWish, file: Path) -> None:
        """Write a value to a file."""
        if wish.form == "png":
            wish.source.close()
            if wish.viewer.picture().save(str(file)):
                self.said.emit(self.tr("Saved {0}").format(file))
            else:
                self.failed.emit(self.tr("{0} cannot be written").format(file))
            return
        if self._running is not None:
            wish.source.close()
            self.failed.emit(self.tr("Another export goes on: wait for it, or cancel it."))
            return
        shape = wish.source.shape if wish.index is None else cut_shape(wish.source.shape, wish.index)
        try:
            target = self._file = KINDS[wish.form](file, wish.name, shape, wish.source.dtype)
        except (OSError, ValueError) as error:
            wish.source.close()
            self._file = None
            self.failed.emit(self.tr("The value could not be saved: {0}").format(error))
            return
        self._wish, self._share = wish, 0.0
        inside: Callable[[Index], Index] = (lambda index: index) if wish.index is None else (lambda index: _within(wish.index or (), index))
        indices = (inside(index) for index in target.pieces())
        wish.source.setParent(self)
        running = self._running = Pass(wish.source, indices, Part, self._write, "export", self, shape)
        running.progressed.connect(self._progressed)
        running.ended.connect(self._ended)
        running.failed.connect(self._broke)
        self._patience.start()
        running.start()

    @property
    def busy(self) -> bool:
        """Whether an export goes on."""
        return self._running is not None

    @Slot()
    def cancel(self) -> None:
        """Write no more, and leave nothing behind."""
        if self._running is not None:
            self._running.cancel()
            name = self._over(keep=False)
            self.said.emit(self.tr("The export to {0} was cancelled: nothing is left behind.").format(name))

    # --------------------------------------------------------------------------------------------------------- inside

    def _write(self, _: Index, found: Array) -> bool:
        assert self._file is not None
        try:
            self._file.write(found)
        except OSError as error:
            self._why = str(error.strerror or error)
            return False
        return True

    def _progressed(self, share: float) -> None:
        self._share = share
        if not self._patience.isActive():
            self._show()

    def _show(self) -> None:
        if self._file is not None and self._share < 1:
            self._panel.show_export(self._file.file.name, self._share)

    def _ended(self) -> None:
        why, self._why = self._why, ""
        if why:
            self._broke(why)
            return
        try:
            name = self._over(keep=True)
        except OSError as error:
            self.failed.emit(self.tr("The value could not be saved: {0}").format(error.strerror or error))
            return
        self.said.emit(self.tr("Saved {0}").format(name))

    def _broke(self, why: str) -> None:
        self._over(keep=False)
        self.failed.emit(self.tr("The value could not be saved: {0}").format(why))

    def _over(self, *, keep: bool) -> Path:
        """The export is no more; the file takes its name, or is gone."""
        assert self._file is not None
        assert self._wish is not None
        file, wish = self._file, self._wish
        self._running = self._file = self._wish = None
        self._patience.stop()
        self._panel.show_export("", 1.0)
        wish.source.close()
        wish.source.deleteLater()
        if keep:
            file.finish()
        else:
            file.drop()
        return file.file


def _within(outer: Index, index: Index) -> Index:
    """An index into the part at ``outer`` as one into the whole; ``outer`` has slices without a step."""
    inner = iter(index)
    found: list[int | slice] = []
    for entry in outer:
        if isinstance(entry, int):
            found.append(entry)
            continue
        start = entry.start or 0
        one = next(inner, slice(None))
        if isinstance(one, int):
            found.append(start + one)
        else:
            stop = entry.stop if one.stop is None else start + one.stop
            found.append(slice(start + (one.start or 0), stop))
    return (*found, *inner)
