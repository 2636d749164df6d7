"""Asks interpreters what they have, in processes of their own, without waiting."""

from __future__ import annotations

from PySide6.QtCore import QObject, QProcess, QTimer, Signal

from gradstep.engine.debug.interpreters import SECONDS, Answer, answer, command
from gradstep.engine.debug.targets import engines, needs_of

AT_ONCE = 4


class _Question(QObject):
    """One interpreter that was asked."""

    answered = Signal(object)  # Answer

    def __init__(self, path: str, names: tuple[str, ...], load: tuple[str, ...], parent: QObject) -> None:
        super().__init__(parent)
        self._path = path
        self._late = False
        self._process = QProcess(self)
        self._process.finished.connect(self._finished)
        self._process.errorOccurred.connect(self._failed)
        self._limit = QTimer(self, singleShot=True, interval=round(SECONDS * 1000))
        self._limit.timeout.connect(self._too_late)
        program, *words = command(path, names, load)
        self._process.setStandardInputFile(QProcess.nullDevice())
        self._process.start(program, words)
        self._limit.start()

    def _finished(self, code: int) -> None:
        printed = bytes(self._process.readAllStandardOutput().data()).decode(errors="replace")
        complaint = bytes(self._process.readAllStandardError().data()).decode(errors="replace")
        if self._late:
            self._end(Answer(self._path, error=f"it did not answer within {SECONDS:.0f} s"))
        else:
            self._end(answer(self._path, printed, complaint, code))

    def _failed(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:  # else it has finished, too
            self._end(Answer(self._path, error=self._process.errorString()))

    def _too_late(self) -> None:
        self._late = True
        self._process.kill()

    def _end(self, told: Answer) -> None:
        self._limit.stop()
        self.answered.emit(told)
        self.deleteLater()

    def stop(self) -> None:
        """The answer is not wanted any more."""
        self._process.finished.disconnect(self._finished)
        self._process.errorOccurred.disconnect(self._failed)
        self._process.kill()
        self._process.waitForFinished()
        self.deleteLater()


def _names() -> tuple[str, ...]:
    """The packages that any engine asks for."""
    wanted = [needs_of(engine) for engine in engines()]
    return tuple(dict.fromkeys(name for needs in wanted for name in (*needs.names, *dict(needs.useful))))


class Interpreters(QObject):
    """Asks a few at a time, and remembers of every interpreter what it said last."""

    answered = Signal(object)  # Answer: an interpreter has said what it has

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._known: dict[str, Answer] = {}
        self._asked: dict[str, _Question] = {}
        self._waiting: dict[str, tuple[str, ...]] = {}  # those to be asked, with what they shall import

    def known(self, path: str) -> Answer | None:
        """What an interpreter said last; None where it has not been asked, or has not answered yet."""
        return self._known.get(path)

    def ask(self, path: str, load: tuple[str, ...] = ()) -> None:
        """Ask an interpreter. ``load``: packages that it imports as well, which takes seconds and finds those that are damaged."""
        self._waiting[path] = load or self._waiting.get(path, ())
        self._go_on()

    def _go_on(self) -> None:
        for path in [path for path in self._waiting if path not in self._asked]:
            if len(self._asked) == AT_ONCE:
                return
            question = self._asked[path] = _Question(path, _names(), self._waiting.pop(path), self)
            question.answered.connect(self._told)

    def _told(self, told: Answer) -> None:
        self._asked.pop(told.path, None)
        self._known[told.path] = told
        self._go_on()
        self.answered.emit(told)

    def stop(self) -> None:
        """Ask no more: the window closes."""
        self._waiting.clear()
        for question in self._asked.values():
            question.stop()
        self._asked.clear()
