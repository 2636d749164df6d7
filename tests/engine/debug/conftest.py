"""A session with a real child process that always ends, and scripts written on the spot."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gradstep.engine.debug.launch import Launch, RunFolder
from gradstep.engine.debug.session import Session

Write = Callable[..., str]
Start = Callable[..., Session]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a script and gives its path."""

    def write(text: str, name: str = "script.py") -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return str(path)

    return write


@pytest.fixture
def session() -> Iterator[Session]:
    """A session that is over when the test is, whatever the test did."""
    with Session() as session:
        yield session


@pytest.fixture
def start(session: Session, write: Write, tmp_path: Path) -> Start:
    """Starts a script, given as text, under the session."""

    def start(text: str, name: str = "script.py", **options: object) -> Session:
        runs = tmp_path / "runs"
        runs.mkdir(exist_ok=True)
        session.launch(Launch(write(text, name), **options), RunFolder.make(runs))  # type: ignore[arg-type]
        return session

    return start
