"""Where the program stands and where the view looks, in a sentence: the past on the tape and a rewound program are two things."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from gradstep.engine.debug.core import Stopped


class Whereabouts:
    """Remembers how far each backward pass was, to say by how much it was rewound."""

    def __init__(self) -> None:
        self._furthest: dict[int, int] = {}  # by run: steps taken at most

    def forget(self) -> None:
        """Another program runs."""
        self._furthest.clear()

    def note(self, stop: Stopped) -> None:
        """The program stands here."""
        if stop.run:
            self._furthest[stop.run] = max(stop.taken, self._furthest.get(stop.run, 0))

    def rewound(self, stop: Stopped | None) -> int:
        """How many nodes of the pass are undone where the program stands."""
        return max(self._furthest.get(stop.run, 0) - stop.taken, 0) if stop is not None and stop.run else 0

    def sentence(self, said: str, stop: Stopped | None, *, live: bool) -> str:
        """The state's sentence with what else must be known to read it."""
        if not live:
            words = QCoreApplication.translate("Whereabouts", "Looking at the past, values from the tape; the program did not move. {0}")
            return words.format(said)
        undone = self.rewound(stop)
        if not undone:
            return said
        words = QCoreApplication.translate("Whereabouts", "{0} The program is rewound by {1} nodes: they run again.")
        if undone == 1:
            words = QCoreApplication.translate("Whereabouts", "{0} The program is rewound by one node: it runs again.")
        return words.format(f"{said.rstrip('.')}.", undone)
