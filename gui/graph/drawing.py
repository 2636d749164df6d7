"""Arranges large graphs in a process of its own, so that the window answers meanwhile. The newest wish wins.

The process (``drawing_process.py``) reads the tape itself: a graph of 10,000 nodes takes longer to build than to arrange. The
two talk by pickles over a pipe that nobody else can reach.
"""

from __future__ import annotations

import pickle
import sys
from collections import deque
from dataclasses import replace

from PySide6.QtCore import QByteArray, QElapsedTimer, QObject, QProcess, QTimer, Signal, Slot

from ..canvas.plan import Measure
from ..canvas.scene import LayoutFunction
from ..widgets.giving_way import gives_way
from .parts import Assembly, Rest, Told
from .picture import HEAD, LENGTH, Picture

PATIENCE = 1500  # milliseconds that work nobody wants any more may go on before its process is ended
TURN = 6  # milliseconds in which one turn of the event loop takes in what arrived
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
        self._waiting: deque[tuple[Told, bytes]] = deque()  # messages that were read, in their order
        self._assembly = Assembly()  # what arrived of the answer that comes
        self._ending: Assembly | None = None  # all of one, whose edges are not yet joined
        self._next = QTimer(self, singleShot=True, interval=0)
        self._next.timeout.connect(self._take_some)

    @property
    def is_ready(self) -> bool:
        """Whether the process has begun: it answers at once."""
        return self._heard and self._process is not None

    @property
    def is_put_together(self) -> bool:
        """Whether all of a picture has arrived, and its edges are being joined."""
        return self._ending is not None

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
        self._wished, self._ending = picture, None
        self._asked += 1
        _send(process, (picture, measure, layout))
        return True

    def forget(self) -> None:
        """Give up what is being drawn."""
        self._wished = self._ending = None

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
        self.forget()

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        self._wished, self._asked = None, 0
        self._arrived.clear()
        self._waiting.clear()
        self._assembly, self._ending = Assembly(), None
        self._next.stop()
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
        gives_way(process)
        process.start(sys.executable, ["-P", "-m", "gradstep.gui.graph.drawing_process"])
        return process

    def _read(self) -> None:
        if self._process is None:
            return
        self._heard = True
        self._arrived += self._process.readAllStandardOutput().data()
        begin = 0
        while len(self._arrived) >= begin + HEAD.size:
            length, what = HEAD.unpack_from(self._arrived, begin)
            end = begin + HEAD.size + length
            if len(self._arrived) < end:
                break
            self._waiting.append((Told(what), bytes(memoryview(self._arrived)[begin + HEAD.size : end])))
            begin = end
        del self._arrived[:begin]
        if self._waiting and not self._next.isActive():
            self._take_some()

    @Slot()
    def _take_some(self) -> None:
        """Takes in what arrived, for as long as one turn of the event loop may last."""
        clock = QElapsedTimer()
        clock.start()
        while self._take_next():
            if clock.elapsed() >= TURN:
                self._next.start()
                return

    def _take_next(self) -> bool:
        """A message, some edges of the picture that is put together, or its end; False where there is nothing to do."""
        if self._ending is not None:
            if not self._ending.join():
                whole, self._ending, self._wished = self._ending.whole(), None, None
                self.drawn.emit(*whole)
            return True
        if not self._waiting:
            return False
        what, packed = self._waiting.popleft()
        overtaken = self._asked > 1 or self._wished is None
        if what is Told.ANSWER:
            self._asked -= 1
            assembly, self._assembly = self._assembly, Assembly()
            if overtaken:
                self._since.start()
            else:
                self._answer(assembly, pickle.loads(packed))
        elif not overtaken and what is Told.NODES:
            self._assembly.add(pickle.loads(packed))
        elif not overtaken:
            self.progressed.emit(pickle.loads(packed))
        return True

    def _answer(self, assembly: Assembly, message: Rest | tuple[Picture, str]) -> None:
        """The rest of a picture, or why there is none."""
        if isinstance(message, Rest):
            assembly.end(message)
            self._ending = assembly
        else:
            self._wished = None
            self.refused.emit(*message)

    def _ended(self) -> None:
        while self._take_next():
            pass
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
