"""The tape that a command was given."""

from __future__ import annotations

from ..tape.ending import ending
from ..tape.reader import Tape, TapeError
from .command import Exit, Failed, say


def read_to_end(tape: Tape, code: int, done: str = "read") -> int:
    """The exit code of a command that has read a tape: ``code``, or DAMAGED. Says how far the tape goes, where that is not to its end;
    ``done`` is what was done with what stands there."""
    if tape.damage:
        say(f"{tape.path} is damaged: {tape.damage}. What stands before that place was {done}.")
        return Exit.DAMAGED
    if not tape.complete:
        say(f"{tape.path} is not complete: {ending(tape)['sentence'].rstrip('.')}. What is there was {done}.")
    return code


def open_tape(path: str) -> Tape:
    """The tape that a command was given. Raises Failed where there is none."""
    try:
        return Tape.open(path)
    except FileNotFoundError:
        raise Failed(f"{path}: there is no such file", Exit.NO_INPUT) from None
    except TapeError as error:
        raise Failed(str(error), Exit.DAMAGED) from None
    except OSError as error:
        raise Failed(f"{path} cannot be read: {error.strerror or error}", Exit.IO) from None
