"""What the message bar says of a program that runs: that nothing happens any more, that its recording stopped; and all its stacks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from gradstep.engine.debug.core import Idle
from gradstep.engine.debug.protocol import Response
from gradstep.engine.tape.schema import Frame

from ..files.opening import Opening
from ..program.session import DebugSession
from ..translation import translate
from .message_bar import MessageBar


class Troubles(QObject):
    """Listens to the session. What it said of a silent program goes when that speaks again."""

    stacks_found = Signal(object)  # the stacks of all threads: what each is the stack of, and its frames

    def __init__(self, bar: MessageBar, session: DebugSession, opening: Opening) -> None:
        super().__init__(bar)
        self._bar, self._session, self._opening = bar, session, opening
        self._idle = ""  # what the bar says of a program without events
        session.idled.connect(self._idled)
        session.recording_stopped.connect(self._recording_stopped)

    @Slot()
    def ask_stacks(self) -> None:
        """Find out where every thread of the program is, while it runs."""
        self._session.request("where", self._found)

    def _found(self, response: Response) -> None:
        if response.success:
            self.stacks_found.emit(stacks(response))

    @Slot(object)
    def _idled(self, idle: Idle) -> None:
        if idle.seconds:
            self._session.request("where", lambda response: self._say_idle(idle, response))
        elif self._idle and self._bar.text == self._idle:
            self._bar.clear()

    def _say_idle(self, idle: Idle, response: Response) -> None:
        main = stacks(response)[:1]
        frames = main[0][1] if main else []
        where = self.tr("{0} line {1}").format(Path(frames[0].file).name, frames[0].line) if frames else ""
        last = self.tr("last: #{0}").format(idle.position) if idle.position >= 0 else self.tr("none so far")
        text = self.tr("{0} has been running for {1} s without a new event ({2}).")
        self._idle = text.format(self._opening.name, round(idle.seconds), ", ".join(word for word in (last, where) if word))
        answers = [
            (self.tr("Show Stacks"), self.ask_stacks),
            (self.tr("Pause"), self._session.pause),
            (self.tr("Stop"), self._session.stop),
        ]
        self._bar.show_message(self._idle, answers)

    @Slot(str)
    def _recording_stopped(self, sentence: str) -> None:
        answers = [(self.tr("Stop"), self._session.stop)]
        words = self.tr("{0}: {1}.").format(self._opening.name, sentence.rstrip("."))
        self._bar.show_message(words, answers, picture="warning", token="bad")


def stacks(response: Response) -> list[tuple[str, list[Frame]]]:
    """The answer to ``where``: the main thread first."""
    threads: list[Any] = sorted(response.body.get("threads", ()), key=lambda thread: not thread["main"])
    return [
        (
            translate("Troubles", "main thread") if thread["main"] else translate("Troubles", "thread {0}").format(thread["name"]),
            [Frame(str(frame["file"]), int(frame["line"]), str(frame["function"])) for frame in thread["frames"]],
        )
        for thread in threads
    ]
