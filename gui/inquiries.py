"""What is asked of the paused program: expressions, and values that are not on the tape."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from gradstep.engine.debug.protocol import Response
from gradstep.engine.tape.elements import size_of
from gradstep.engine.tape.schema import Val

from .panels.console_panel import ConsolePanel
from .panels.tensor_panel import TensorPanel
from .session import DebugSession
from .sources import Answer, ArraySource, LiveSource, Missing, Part


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
        """Ask whether the program has a value, and how large it is; the panel asks on, page by page."""

        def arrived(response: Response) -> None:
            if not self._tensor.wants(val):
                return
            if not response.success:
                self._tensor.show_failure(val, response.message)
                return
            shape, dtype = tuple(int(size) for size in response.body["shape"]), str(response.body["dtype"])
            name = {"tensor": val.tensor, "version": val.version}
            source = LiveSource(self._session.request, name, shape, dtype, size_of(dtype, ()), bool(response.body.get("reduces")))
            if source.size <= source.page:
                source.ask(Part(()), lambda found: self._show_whole(val, source, found))
            else:
                self._tensor.show_source(val, source)

        if not self._session.request("value", arrived, tensor=val.tensor, version=val.version, about=True):
            self._tensor.show_failure(val, self.tr("The program is not paused: it cannot be asked for a value."))

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
