"""The forty faults: what each is, and in which of the three ways it cannot happen, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import pytest


class Way(Enum):
    """How a fault is met: through ``gradstep.engine``, by a command of ``gradstep``, in the window."""

    API = "API"
    CLI = "command line"
    WINDOW = "window"


API, CLI, WINDOW = Way.API, Way.CLI, Way.WINDOW


@dataclass(frozen=True, slots=True)
class Fault:
    """One of the forty. ``absent``: the ways in which it does not exist, and why; every other way has a test. ``narrower``: what of it
    its cases leave out, or do otherwise than it really happens; "" where they are all of it."""

    title: str
    absent: Mapping[Way, str] = field(default_factory=dict)
    narrower: str = ""


FAULTS: dict[int, Fault] = {
    1: Fault("SIGSEGV in the middle of backward"),
    2: Fault("abort() below a backward node"),
    3: Fault("SIGKILL from outside"),
    4: Fault("os._exit(3) in a hook"),
    5: Fault("an endless loop in forward"),
    6: Fault("native code that holds the interpreter and hears no signal"),
    7: Fault("a deadlock of two threads during backward"),
    8: Fault("1 GB on stdout as fast as possible"),
    9: Fault("100,000 events a second for 10 s"),
    10: Fault("NUL, invalid UTF-8, escape sequences and a line of 10 MB on stderr"),
    11: Fault("four forked workers that run ops themselves"),
    12: Fault("a grandchild that left the group and ignores signals"),
    13: Fault("a fork bomb"),
    14: Fault("memory that grows without end"),
    15: Fault("the system kills the program because memory ran out"),
    16: Fault("CUDA out of memory", narrower="the error is raised by the script, in a Function's backward: no memory of a GPU runs out"),
    17: Fault("the disk is full while it is recorded"),
    18: Fault("every Nth write, fsync and open fails"),
    19: Fault("the folder of the run is deleted while it runs"),
    20: Fault("a read-only home, no XDG folders, no HOME"),
    21: Fault("a syntax error"),
    22: Fault("a module that is missing in the interpreter"),
    23: Fault("an interpreter that is gone, too old or lacks the engine"),
    24: Fault("a script's path of spaces, quotes, emoji, line breaks and 4,000 characters"),
    25: Fault("a script that changes the process it runs in"),
    26: Fault("a script that becomes another user or another program"),
    27: Fault("backward is never called, nothing requires grad"),
    28: Fault("backward twice through one graph"),
    29: Fault("hooks that raise, return nonsense or sleep"),
    30: Fault("double, re-entrant and parallel backward passes", narrower="on the CPU: no streams of a GPU"),
    31: Fault("tensors of every odd kind"),
    32: Fault("objects whose __repr__, __len__ and __getattr__ raise, loop or take long"),
    33: Fault("the window is killed while it records", {CLI: "there is no window; the supervisor's end is case 3 of the API"}),
    34: Fault(
        "the window's own code raises, a plug-in raises in paint",
        {API: "there is nothing that paints", CLI: "there is nothing that paints"},
    ),
    35: Fault(
        "the window is killed while it keeps its settings",
        {API: "the engine keeps no settings", CLI: "commands keep no settings but the switches of plug-ins, each replaced as a whole"},
    ),
    36: Fault(
        "a tape that is cut, mutated, newer, empty, or no file",
        narrower="one mutation; scripts/attacks.py makes 1,500 of each kind of tape",
    ),
    37: Fault("a tape made to do harm", narrower="three such tapes; tests/attacks has the collection"),
    38: Fault(
        "a wrong peer at the control socket",
        {CLI: "the supervisor and the socket are those of the API"},
        "peers of the same user, four kinds; tests/attacks/test_link.py has the others",
    ),
    39: Fault("two readers of one running tape, and a tape that is replaced while it is open"),
    40: Fault(
        "the link to another machine dies, one of several ranks is killed, the machine sleeps, the clock jumps",
        narrower="four processes on this machine; the sleep is a stop of the whole tree, the jump is one of what the program is told; "
        "the other machine is this one, behind what stands in for ssh",
    ),
}


def fault(number: int, way: Way, *, long: bool = False) -> Any:
    """Marks a test as one of fault ``number``. ``long``: only the command that prints the table runs it."""
    assert way not in FAULTS[number].absent, f"fault {number} is said not to exist for the {way.value}"
    mark = pytest.mark.fault(number, way, long)

    def marked(test: Any) -> Any:
        return mark(pytest.mark.timeout(600)(test)) if long else mark(test)

    return marked
