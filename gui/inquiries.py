"""What is asked of the paused program: expressions, and values that are not on the tape."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from gradstep.engine.debug.protocol import Response
from gradstep.engine.tape.schema import Val

from .panels.console_panel import ConsolePanel
from .panels.tensor_panel import TensorPanel
from .session import DebugSession
from .values import array_of


class Inquiries(QObject):
    """Carries questions from the panels to the session, and answers back."""

    failed = Signal(str)  # the program could not answer, and why

    def __init__(self, session: DebugSession, tensor: TensorPanel, console: ConsolePanel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._tensor, self._console = session, tensor, console
        tensor.value_wanted.connect(self.fetch_value)
        console.expression_entered.connect(self.evaluate)

    @Slot(object)
    def fetch_value(self, val: Val) -> None:
        """Ask for a value."""

        def arrived(response: Response) -> None:
            if response.success:
                self._tensor.show_value(val, array_of(response))
            else:
                self.failed.emit(response.message)

        if not self._session.request("value", arrived, tensor=val.tensor, version=val.version):
            self.failed.emit(self.tr("The program is not paused: it cannot be asked for a value."))

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
