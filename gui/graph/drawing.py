"""Arranges large graphs in a process of its own, so that the window answers meanwhile. The newest wish wins.

The process (``drawing_process.py``) reads the tape itself: a graph of 10,000 nodes takes longer to build than to arrange. The
two talk by pickles over a pipe that nobody else can reach.
"""

from __future__ import annotations

import pickle
import sys
from dataclasses import replace

from PySide6.QtCore import QByteArray, QElapsedTimer, QObject, QProcess, QTimer, Signal

from ..canvas.plan import Measure
from ..canvas.scene import LayoutFunction
from .picture import LENGTH, Picture, Stage

PATIENCE = 1500  # milliseconds that work nobody wants any more may go on before its process is ended
LARGE = 1 << 20  # bytes of an answer that is shown in another turn of the event loop than it is read
_CLOSING = 5000  # milliseconds that the end of the window waits for the end of the process


def _send(process: QProcess, message: object) -> None:
    packed = pickle.dumps(message)
    process.write(QByteArray(LENGTH.pack(len(packed)) + packed))


class Drawing(QObject):
    """The window's end. The process is started when it is needed first, and ended when it works long at what nobody wants
    any more."""

    drawn = Signal(object, object, object)  # Picture, graph, Scene (None for an empty graph)
    failed = Signal(object)  # Picture: the process could not do it
    refused = Signal(object, str)  # Picture: the layout cannot draw it, and why
    progressed = Signal(object)  # Stage

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process: QProcess | None = None
        self._wished: Picture | None = None
        self._asked = 0  # how many answers will come; only the last one counts
        self._since = QElapsedTimer()
        self._arrived = bytearray()
        self._heard = False  # the process has said something
        self._waiting: list[object] = []  # messages that were read, in their order
        self._next = QTimer(self, singleShot=True, interval=0)
        self._next.timeout.connect(self._take_next)

    @property
    def is_ready(self) -> bool:
        """Whether the process has begun: it answers at once."""
        return self._heard and self._process is not None

    @property
    def wished(self) -> Picture | None:
        """The picture that is being drawn."""
        return self._wished

    def draw(self, picture: Picture, measure: Measure, layout: LayoutFunction) -> bool:
        """Draw a picture. False where the same one, less grown, is drawn already: its answer comes first."""
        wished = self._wished
        if wished is not None and picture == replace(wished, size=picture.size):
            return False
        if self._asked and self._since.elapsed() > PATIENCE:
            self.close()
        process = self._process or self._start()
        if not self._asked:
            self._since.start()
        self._wished = picture
        self._asked += 1
        _send(process, (picture, measure, layout))
        return True

    def forget(self) -> None:
        """Give up what is being drawn."""
        self._wished = None

    def let_go(self) -> None:
        """Another tape is looked at: give up what is being drawn, and the tape that the process has read. Its file's name may be the
        new one's too."""
        self.forget()
        if self._process is not None:
            _send(self._process, None)

    def cancel(self) -> None:
        """Give up what is being drawn, and work on it no longer."""
        if self._asked:
            self.close()

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        self._wished, self._asked = None, 0
        self._arrived.clear()
        self._waiting.clear()
        if process is not None:
            process.blockSignals(True)
            process.kill()
            process.waitForFinished(_CLOSING)
            process.deleteLater()

    def _start(self) -> QProcess:
        self._heard = False
        process = self._process = QProcess(self)
        process.setProcessChannelMode(QProcess.ProcessChannelMode.ForwardedErrorChannel)
        process.readyReadStandardOutput.connect(self._read)
        process.finished.connect(self._ended)
        process.errorOccurred.connect(self._could_not_start)
        process.start(sys.executable, ["-P", "-m", "gradstep.gui.graph.drawing_process"])
        return process

    def _read(self) -> None:
        if self._process is None:
            return
        self._heard = True
        self._arrived += self._process.readAllStandardOutput().data()
        while self._process is not None and len(self._arrived) >= LENGTH.size:
            length = LENGTH.unpack_from(self._arrived)[0]
            if len(self._arrived) < LENGTH.size + length:
                return
            message = pickle.loads(bytes(self._arrived[LENGTH.size : LENGTH.size + length]))  # from our own process
            self._arrived = bytearray(self._arrived[LENGTH.size + length :])
            if self._waiting or length > LARGE:
                self._waiting.append(message)
                self._next.start()
            else:
                self._take(message)

    def _take_next(self) -> None:
        if self._waiting:
            self._take(self._waiting.pop(0))
        if self._waiting:
            self._next.start()

    def _take(self, message: object) -> None:
        """A Stage, or an answer: the picture, and its graph and scene or why there is none."""
        if isinstance(message, Stage):
            if self._wished is not None and self._asked == 1:
                self.progressed.emit(message)
            return
        assert isinstance(message, tuple)
        self._asked -= 1
        if self._asked or self._wished is None:
            self._since.start()
            return
        self._wished = None
        picture, graph, scene = message
        if isinstance(graph, str):
            self.refused.emit(picture, graph)
        else:
            self.drawn.emit(picture, graph, scene)

    def _ended(self) -> None:
        while self._waiting:
            self._take_next()
        process, self._process = self._process, None
        self._arrived.clear()
        if process is not None:
            process.deleteLater()
        picture, self._wished, self._asked = self._wished, None, 0
        if picture is not None:
            self.failed.emit(picture)

    def _could_not_start(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self._ended()
