"""The commands by name, each with its line of help. A command is the module of its name in this folder, imported when it is asked for:
``record`` needs neither numpy nor networkx, and a script that is recorded should not wait for them."""

from __future__ import annotations

from importlib import import_module

from .command import Command

SUMMARIES: dict[str, str] = {
    "check": "what a script uses of torch and the engine lacks",
    "record": "run a script and record it, without a window",
    "debug": "step through a script's backward in the terminal, here or on another machine",
    "explain": "say what went wrong with autograd, where and why",
    "inspect": "show what is on a tape",
    "diff": "compare two recordings, or two iterations of one",
    "flow": "gradient norms of each parameter over the iterations",
    "ranks": "the ranks of a job side by side: which one stands out, and when",
    "ledger": "what each path and each pass contributed to a gradient",
    "replay": "run a tape's backward again without the script",
    "verify": "check a tape, and say how far it can be read",
    "repair": "write a repaired copy of a damaged tape",
    "export": "write the graph of a tape as svg, dot, graphml, ...",
    "attach": "follow a recording on another machine, through ssh",
    "agent": "the other end of attach and debug, on that machine",
    "plugins": "list plug-ins, and switch them on or off",
    "doctor": "say what works here and what does not, and why",
}

# those of ours that stand above the engine and come in through its entry points, as a stranger's would
ELSEWHERE: dict[str, str] = {
    "examples": "scripts with a fault each, to learn with: what to find, and copies of them",
}


def command_of(name: str) -> Command:
    """The command that is called so; one of those above."""
    found: Command = import_module(f".{name}", __package__).COMMAND
    return found
