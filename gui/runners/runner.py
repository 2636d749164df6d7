"""Which engine and which interpreter run the script that is open."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal, Slot

from gradstep.engine.debug.interpreters import Answer, Found, Lack, found, lacks, short
from gradstep.engine.debug.targets import OURS, engines, needs_of

from .interpreters import Interpreters


@dataclass(frozen=True, slots=True)
class Refusal:
    """A script cannot be run: what the interpreter lacks, and the interpreters that lack nothing."""

    engine: str
    python: str
    lacks: tuple[Lack, ...]
    others: tuple[Answer, ...] = ()

    @property
    def text(self) -> str:
        """In a sentence or two."""
        return " ".join(lack.text for lack in self.lacks)

    @property
    def remedy(self) -> str:
        """The line for a shell that mends it; "" where none does."""
        return next((lack.remedy for lack in self.lacks if lack.remedy), "")


class Runner(QObject):
    """The choice, and what comes of it. ``python`` is the path that is asked for, "" for the likeliest interpreter that will do."""

    changed = Signal()  # something else would run the script now, or more is known of it
    refused = Signal(object)  # Refusal: the script was to be run and cannot be

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.interpreters = Interpreters(self)
        self.engine = OURS
        self.python = ""
        self.script = ""
        self.given: tuple[str, str] = "", ""  # engine and interpreter as the command line gave them: they stand above what was chosen
        self._found = ""  # what "" came to
        self._asked: dict[str, tuple[Lack, ...] | None] = {}  # what those lack that may be meant, the likeliest first; None: not known yet
        self._done: Callable[[str], None] | None = None
        self.interpreters.answered.connect(self._told)

    # ---------------------------------------------------------------------------------------------------- what is chosen

    def choose(self, engine: str, python: str, script: str) -> None:
        """What the user chose, for this script. An engine that is not installed any more is as if none were chosen."""
        engine = self.given[0] or (engine if engine in engines() else OURS)
        python = self.given[1] or python
        if (engine, python, script) != (self.engine, self.python, self.script):
            self.engine, self.python, self.script = engine, python, script
            self._found, self._done = "", None
            self.changed.emit()

    @property
    def path(self) -> str:
        """The interpreter that runs the script, as far as that is known; "" where it has to be looked for."""
        return self.python or self._found or (sys.executable if self.engine == OURS else "")

    @property
    def title(self) -> str:
        """What runs the script, in a few words: the engine and where it is."""
        path, needs = self.path, needs_of(self.engine)
        told = self.interpreters.known(path) if path else None
        if self.engine == OURS:
            version = platform.python_version() if path == sys.executable else ""
            return f"gradstep in Python {version}" if version else f"gradstep in {short(path)}"
        has = [f"{name} {told.packages[name]}" for name in needs.names if told is not None and name in told.packages]
        engine = ", ".join(has) or needs.title or self.engine
        return f"{engine} in {short(path)}" if path else engine

    def places(self) -> list[Found]:
        """The interpreters to choose from."""
        return found(self.script)

    # ------------------------------------------------------------------------------------------------------ what runs it

    def find(self, done: Callable[[str], None]) -> None:
        """Look for the interpreter; ``done`` gets its path. Where there is none that will do, ``refused`` says why."""
        if self.engine == OURS:
            done(self.python or sys.executable)
            return
        self._done = done
        paths = [place.path for place in self.places()]
        self._asked = dict.fromkeys([self.python, *paths] if self.python else paths)
        if not self._asked:
            self._decide()
        for path in self._asked:
            self.interpreters.ask(path)

    @Slot(object)
    def _told(self, told: Answer) -> None:
        if self._done is not None and told.path in self._asked:
            self._asked[told.path] = tuple(lacks(told, needs_of(self.engine)))
            self._decide()
        elif told.path == self.path:
            self.changed.emit()

    def _decide(self) -> None:
        """Take the first that will do once those before it are known to lack something; where one was asked for, none but that."""
        for path, missing in self._asked.items():
            if missing is None:
                return
            if not missing:
                self._take(path)
                return
            if self.python and all(one is not None for one in self._asked.values()):
                break
            if self.python:
                return
        self._give_up()

    def _take(self, path: str) -> None:
        assert self._done is not None
        self._found, done, self._done = path, self._done, None
        self.changed.emit()
        done(path)

    def _give_up(self) -> None:
        self._done = None
        good = [answer for path, missing in self._asked.items() if missing == () and (answer := self.interpreters.known(path)) is not None]
        path, first = next(iter(self._asked.items()), ("", None))
        if first is None:
            text = f"No interpreter was found that could run a script on {needs_of(self.engine).title or self.engine}."
            first = (Lack("gone", "none", text),)
        self.refused.emit(Refusal(self.engine, path, first, tuple(good)))
