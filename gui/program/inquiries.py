"""What is asked of the paused program: expressions, and values that are not on the tape."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from gradstep.engine.debug.protocol import Response
from gradstep.engine.tape.elements import size_of
from gradstep.engine.tape.schema import Val

from ..panels.console_panel import ConsolePanel
from ..panels.tensor_panel import TensorPanel
from ..tensors.sources import Answer, ArraySource, LiveSource, Missing, Part
from .session import DebugSession


class Inquiries(QObject):
    """Carries questions from the panels to the session, and answers back."""

    failed = Signal(str)  # the program could not answer, and why

    def __init__(self, session: DebugSession, tensor: TensorPanel, console: ConsolePanel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._tensor, self._console = session, tensor, console
        self._reduces: bool | None = None  # the program can make values smaller; None: it was not asked yet
        session.tape_opened.connect(self._forget_program)
        tensor.value_wanted.connect(self.fetch_value)
        console.expression_entered.connect(self.evaluate)

    @Slot(object)
    def fetch_value(self, val: Val) -> None:
        """Let the panel ask the program for a value, page by page; for a small one at once."""
        meta = self._tensor.meta_of(val)
        if meta is None:
            return
        name = {"tensor": val.tensor, "version": val.version}
        source = LiveSource(self._session.request, name, meta.shape, meta.dtype, size_of(meta.dtype, ()), self._reduces is not False)
        if source.size <= source.page:
            source.ask(Part(()), lambda found: self._show_whole(val, source, found))
        elif self._reduces is not None:
            self._tensor.show_source(val, source)
        elif not self._session.request("value", lambda response: self._told(val, source, response), about=True, **name):
            self._tensor.show_failure(val, self.tr("The program is not paused: it cannot be asked for a value."))

    def _told(self, val: Val, source: LiveSource, response: Response) -> None:
        """Whether the program has the value, and whether it can make it smaller itself; that holds for all values of the program."""
        if not response.success:
            self._tensor.show_failure(val, response.message)
            return
        self._reduces = bool(response.body.get("reduces"))
        if self._reduces:
            self._tensor.show_source(val, source)
        else:
            self.fetch_value(val)

    @Slot()
    def _forget_program(self) -> None:
        self._reduces = None

    def _show_whole(self, val: Val, source: LiveSource, found: Answer) -> None:
        """A value that fits into one answer."""
        if isinstance(found, Missing):
            self._tensor.show_failure(val, found.why)
        else:
            self._tensor.show_source(val, ArraySource(found, source.dtype))
        source.close()
        source.deleteLater()

    @Slot(str)
    def evaluate(self, expression: str) -> None:
        """Ask what an expression is."""

        def arrived(response: Response) -> None:
            if response.success:
                self._console.show_result(expression, str(response.body.get("result", "")))
            else:
                self._console.show_error(expression, response.message)

        if not self._session.request("evaluate", arrived, expression=expression):
            self._console.show_error(expression, self.tr("The program is not paused."))
