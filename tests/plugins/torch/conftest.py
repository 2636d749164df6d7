"""Scripts on real PyTorch, recorded and stepped in a process of their own."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gradstep.engine.debug.launch import Launch, RunFolder
from gradstep.engine.debug.session import Session
from gradstep.engine.debug.states import State
from gradstep.engine.tape.check import check
from gradstep.engine.tape.reader import Tape

pytest.importorskip("torch", reason="PyTorch is not installed here")

TARGET = "gradstep.plugins.torch:make"
Start = Callable[..., Session]


@pytest.fixture
def session() -> Iterator[Session]:
    """A session that is over when the test is."""
    with Session() as session:
        yield session


@pytest.fixture
def start(session: Session, tmp_path: Path) -> Start:
    """Starts a script, given as text, on PyTorch."""

    def start(text: str, **options: Any) -> Session:
        script = tmp_path / "script.py"
        script.write_text(textwrap.dedent(text), encoding="utf-8")
        runs = tmp_path / "runs"
        runs.mkdir(exist_ok=True)
        session.launch(Launch(str(script), engine="torch", target=TARGET, **options), RunFolder.make(runs))
        return session

    return start


@pytest.fixture
def paused(start: Start) -> Start:
    """Starts a script and waits until it stands before its first node."""

    def paused(text: str, **options: Any) -> Session:
        return start(text, **options).wait_for(State.PAUSED)

    return paused


@pytest.fixture
def recorded(start: Start) -> Callable[..., Tape]:
    """Runs a script to its end and gives its tape, which holds to every invariant."""

    def recorded(text: str, *, code: int = 0, **options: Any) -> Tape:
        session = start(text, stop_on_entry=False, **options)
        outcome = session.wait_until_ended()
        assert outcome.exit_code == code, (outcome, session.printed)
        tape = Tape.open(session.tape)
        assert check(tape) == []
        assert not [note for note in tape.notes if note.kind == "stopped"]
        return tape

    return recorded
