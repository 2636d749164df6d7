"""Everything that reads a tape, by name: a function of the file that gives what came of it."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable
from typing import Any, NamedTuple

from gradstep.engine.cli.command import Exit
from gradstep.engine.cli.main import main
from gradstep.engine.tape.graph import combined_graph
from gradstep.engine.tape.reader import Tape, TapeError
from gradstep.engine.tape.schema import Payload, Record, Stats
from gradstep.engine.tape.state import Cursor, Steps

LARGE = 8 << 20  # bytes of a file of which not all records are kept for a comparison
NOT_ENDED = ("not complete", "breaks off", "still recording")
LIMITED = (Exit.DAMAGED, Exit.NO_INPUT, Exit.IO, Exit.USAGE)  # a file was refused, or read up to its damage


class Result(NamedTuple):
    """``said``: why the file was refused, or what is damaged; ``found``: what was read; ``ended``: whether the recording is complete."""

    said: str
    found: Any
    ended: bool = True
    refused: bool = False


def records(path: str) -> Result:
    """The library: every record, every value, whole and in parts."""
    try:
        tape = Tape.open(path)
    except (TapeError, OSError) as error:
        return Result(str(error), None, refused=True)
    try:
        large = os.path.getsize(path) > LARGE
        found = [record for record in tape.records(payloads=not large) if not large]
        tape.verify()
        return Result(tape.damage, found, tape.complete)
    finally:
        tape.close()


def states(path: str) -> Result:
    """The library: the state at every moment, forwards and back, the steps, the graphs."""
    try:
        tape = Tape.open(path)
    except (TapeError, OSError) as error:
        return Result(str(error), None, refused=True)
    try:
        if len(tape.nodes) + len(tape.ops) + len(tape.calls) > 50_000:  # a graph of these takes its time, whoever wrote the tape
            return Result(tape.damage, None, tape.complete)
        cursor, last = Cursor(tape), len(tape.events) - 1
        cursor.move_to(last)
        cursor.move_to(last // 2)
        found = [str(vars(cursor.state)), len(Steps(tape)), sorted(combined_graph(tape).edges)]
        return Result(tape.damage, found, tape.complete)
    finally:
        tape.close()


def command(*words: str) -> Callable[[str], Result]:
    """``gradstep`` with these words, {} being the tape and {out} a file to write to; what it printed and its exit code are what it read."""

    def run(path: str) -> Result:
        out, err = io.StringIO(), io.StringIO()
        written = os.environ.get("ATTACKED_OUT", "")
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main([word.format(path, out=written) for word in words])
        if code == Exit.INTERNAL:
            raise AssertionError(err.getvalue())
        assert "Traceback" not in err.getvalue(), err.getvalue()
        said = err.getvalue().strip()
        if code in LIMITED and said:
            return Result(said, None, refused=not out.getvalue())
        printed = out.getvalue().replace(path, "TAPE").replace(os.path.basename(path), "TAPE")
        return Result("", (int(code), printed), not any(words in said + printed for words in NOT_ENDED))

    return run


READERS: dict[str, Callable[[str], Result]] = {
    "records": records,
    "states": states,
    "inspect": command("inspect", "{}"),
    "inspect --json": command("inspect", "{}", "--json"),
    "verify": command("verify", "{}"),
    "explain": command("explain", "{}"),
    "check": command("check", "--fail-on", "nan,inplace,freed,severed,zero,leak,rule", "{}"),
    "diff": command("diff", "{}", "--iterations", "0", "0"),
    "flow": command("flow", "{}"),
    "ledger": command("ledger", "{}"),
    "replay": command("replay", "{}"),
    "export": command("export", "{}", "--what", "both", "--to", "{out}/graph.dot"),
    "export json": command("export", "{}", "--what", "forward", "--to", "{out}/graph.json"),
}


def is_beginning(part: list[Record], whole: list[Record]) -> bool:
    """Whether a list of records is the beginning of another, statistics (which come last) aside; a value may be missing."""
    rows = [record for record in whole if not isinstance(record, Stats)]
    stats = [record for record in whole if isinstance(record, Stats)]
    place = 0
    for record in part:
        if isinstance(record, Stats):
            break
        while place < len(rows) and rows[place] != record and isinstance(rows[place], Payload):
            place += 1
        if place == len(rows) or rows[place] != record:
            return False
        place += 1
    described = [record for record in part if isinstance(record, Stats)]
    return repr(described) == repr(stats[: len(described)])  # NaN is not itself


def verdict(reader: str, result: Result, whole: Result) -> str:
    """What became of a changed file, held against what the same reader says of the file as it was."""
    if result.refused:
        return "refused"
    if reader == "records" and not is_beginning(result.found, whole.found):
        return "SILENTLY DIFFERENT"
    if result.said and result.said != whole.said:
        return "read to the damage"
    if repr(result.found) == repr(whole.found) and result.ended == whole.ended:
        return "as it was"
    if reader == "records":  # a beginning, which ends where a record ends
        return "SILENTLY DIFFERENT" if result.ended else "not ended"
    return "not ended" if not result.ended else "SILENTLY DIFFERENT"
