"""A script that a command runs under the recorder."""

from __future__ import annotations

import os
import re
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from ..debug.core import News, Notice, Outcome
from ..debug.interpreters import install_line
from ..debug.launch import Launch, RunFolder
from ..debug.session import Session
from ..debug.states import ENDED, State
from .command import Exit, Failed, say
from .engines import Runner

MEBIBYTE = 1 << 20
_missing = re.compile(r"No module named '([\w.]+)'")
BUDGET = 256  # mebibytes of values that are kept


def must_exist(script: str) -> None:
    """Raises Failed where there is no such script."""
    if not os.path.isfile(script):
        raise Failed(f"{script}: there is no such script", Exit.NO_INPUT)


# Why a script was not run, and the exit code; any other reason is the script's own (it is no Python).
REFUSALS = {
    "tape": Exit.NOT_CREATED, "file": Exit.NO_INPUT, "interpreter": Exit.UNAVAILABLE, "package": Exit.UNAVAILABLE,
    "engine": Exit.UNAVAILABLE, "supervisor": Exit.INTERNAL, "connection": Exit.UNAVAILABLE, "version": Exit.UNAVAILABLE,
}  # fmt: skip


def run(launch: Launch, folder: Path) -> Outcome:
    """Run to the end, with the run's own files in ``folder``; says on stderr why it could not be run, that it crashed, that recording
    stopped before it did. A limit ends it, with exit code 75."""
    with Session(_heard) as session:
        session.launch(launch, RunFolder.make(folder))
        outcome = _wait(session)
    if outcome.how is State.FAILED or outcome.refused:
        say(outcome.reason)
        code = REFUSALS.get(str(outcome.refused.get("kind", "")), outcome.exit_code)
        return replace(outcome, exit_code=int(code))
    if session.limit:
        return replace(outcome, exit_code=int(Exit.LIMIT))
    if outcome.how is State.CRASHED:
        say(f"the script crashed: {outcome.reason}")
    elif missing := _missing.match(str(outcome.exception.get("text", ""))):
        name = missing[1].partition(".")[0]
        line = install_line(launch.python, name)
        say(f"No module named '{name}' in {launch.python}, which runs the script: choose another by --python, or run {line}")
    elif outcome.hook or outcome.node or outcome.left_behind:
        say(outcome.reason)
    return outcome


def _heard(news: News) -> None:
    if isinstance(news, Notice):
        say(news.text)


def _is_over(session: Session) -> bool:
    return session.outcome is not None and session.state in ENDED


def _needs_word(session: Session) -> bool:
    return _is_over(session) or session.limit != ""


def _wait(session: Session) -> Outcome:
    """The outcome, however long it takes. Ctrl+C stops the script first, as it would without us."""
    told = False
    while True:
        try:
            session.wait_for(_is_over if told else _needs_word, threading.TIMEOUT_MAX)
            if _is_over(session):
                assert session.outcome is not None
                return session.outcome
            told = True
            say(f"the script has reached a limit ({session.sentence.partition(': ')[2]}) and is ended; its tape can be read")
            session.send("terminate" if session.limit == "time" else "kill")  # what takes memory shall not run a moment longer
        except KeyboardInterrupt:
            session.send("terminate")


@contextmanager
def recorded(
    script: str,
    args: Sequence[str] = (),
    runner: Runner | None = None,
    *,
    level: str = "values",
    quiet: bool = False,
    examine: bool = False,
) -> Iterator[tuple[str, Outcome]]:  # fmt: skip
    """Run a script and give the path of its tape, which is gone behind the with block, and how the script ended.

    runner: what runs it; None for this interpreter and gradstep's engine. quiet: what the script prints is not shown. examine: the rules
    of its Functions are tried.

    Raises Failed where there is no such script, or it could not be run.
    """
    must_exist(script)
    runner = runner or Runner()
    with tempfile.TemporaryDirectory(prefix="gradstep-") as folder:
        tape = os.path.join(folder, "tape.gst")
        launch = Launch(
            script=script, args=tuple(args), engine=runner.engine, python=runner.python, cwd=os.getcwd(), tape=tape, level=level,
            budget=BUDGET * MEBIBYTE, stop_on_entry=False, rewind=False, examine=examine, output="spool" if quiet else "inherit",
            stdin="inherit", process_limit=0, fleeting=folder,
        )  # fmt: skip
        outcome = run(launch, Path(folder))
        if not os.path.exists(tape):
            raise Failed(f"{script} was not recorded", Exit.FAILED)
        yield tape, outcome
