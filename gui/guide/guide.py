"""Makes what helps somebody who is new here, and says when each part is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Slot

from ..message_bar import MessageBar
from ..opening import Opening
from .examples import is_example, task


class Guide(QObject):
    """The task of the example that is open stands in a bar of its own, so that no message takes its place."""

    def __init__(self, task_bar: MessageBar, opening: Opening, parent: QObject) -> None:
        super().__init__(parent)
        self.task_bar, self._opening = task_bar, opening
        task_bar.setAccessibleName(self.tr("What to find"))
        opening.changed.connect(self.show_task)

    def slots(self) -> dict[str, Callable[[], Any]]:
        """What its commands do."""
        return {"what_to_find": self.show_task}

    @property
    def in_example(self) -> bool:
        """Whether a bundled example is open."""
        return is_example(self._opening.script)

    @Slot()
    def show_task(self) -> None:
        """Show what is to be found in the example that is open; nothing for any other script."""
        words = task(self._opening.script)
        if words:
            self.task_bar.show_message(words, picture="search")
        else:
            self.task_bar.clear()
