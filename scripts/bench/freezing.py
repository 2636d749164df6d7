#!/usr/bin/env python3
"""How far beyond its memory limit a program gets before all of it stands still.

Programs that take memory as fast as they can run under a supervisor with a limit of 1 GiB; once they are frozen, the memory of the whole
tree is taken (what processes share counted once), and how much of it lies above the limit is printed. Then each goes on.
"""

from __future__ import annotations

import argparse
import tempfile
import textwrap
from pathlib import Path

from gradstep.engine.debug import tree
from gradstep.engine.debug.launch import Launch, RunFolder
from gradstep.engine.debug.session import Session
from gradstep.engine.debug.states import State

LIMIT = 1 << 30
PROGRAMS = {
    "many blocks of 10 MiB": """
        held = []
        while len(held) < 250:
            held.append(bytearray(b"x") * (10 << 20))
    """,
    "one array of 2.5 GiB": """
        import numpy
        held = numpy.ones(5 << 26)
    """,
    "four processes at once": """
        import os
        child = [os.fork() for _ in range(2)]
        held = []
        while len(held) < 70:
            held.append(bytearray(b"x") * (10 << 20))
        if child[1]:
            os.wait()
        if child[0]:
            os.wait()
    """,
    "forked processes that change what they shared": """
        import os
        held = bytearray(b"x") * (500 << 20)
        children = [os.fork() for _ in range(2)]
        for place in range(0, len(held), 4096):
            held[place] = 1
        if children[1]:
            os.wait()
        if children[0]:
            os.wait()
    """,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--only", nargs="+", choices=list(PROGRAMS), default=list(PROGRAMS))
    args = parser.parse_args()
    for name in args.only:
        over = []
        for _ in range(args.times):
            with tempfile.TemporaryDirectory() as folder, Session() as session:
                script = Path(folder, "script.py")
                script.write_text(textwrap.dedent(PROGRAMS[name]), encoding="utf-8")
                session.launch(Launch(str(script), memory_limit=LIMIT, stop_on_entry=False), RunFolder.make(Path(folder)))
                session.wait_for(State.FROZEN)
                size = sum(map(tree.share, [session.pid, *tree.descendants(session.pid)]))
                over.append((size - LIMIT) / 2**20)
                session.send("raiseLimit", memory_limit=1 << 40)
                outcome = session.wait_until_ended()
                assert outcome.how is State.FINISHED, outcome.reason
        print(f"{name:48} {args.times} times: beyond the limit {min(over):6.1f} to {max(over):6.1f} MiB, and each went on", flush=True)


if __name__ == "__main__":
    main()
