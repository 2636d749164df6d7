"""Write the graph of a tape to a file that other programs read; the suffix chooses the form.

    gradstep export run.gst --to graph.svg                        as the window draws it; also pdf and png
    gradstep export run.gst --to graph.dot                        for Graphviz, a cluster a module call
    gradstep export run.gst --what forward --to graph.graphml     for networkx, Gephi, yEd, ...; also json

Exit codes: 0, 2 no such form, 65 the tape is damaged (what could be read is written), 66 no such file, 73 the file cannot be written."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ..extensions.guard import Guard, PluginError
from ..tape.reader import Tape
from .command import Command, Exit, Failed
from .tapes import open_tape, read_to_end

if TYPE_CHECKING:
    import networkx as nx

GROUP = "gradstep.exporters"
KINDS = ("backward", "forward", "both")


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("tape", metavar="TAPE", help="the tape whose graph is wanted")
    parser.add_argument("--to", metavar="FILE", required=True, help="the file to write")
    parser.add_argument("--what", choices=KINDS, default="backward", help="which graph (default: backward)")
    parser.add_argument("--run", metavar="N", type=int, help="only what the N-th call of backward saw, from 1 on")


def _run(args: argparse.Namespace) -> int:
    guard, file = Guard(), Path(args.to)
    name = file.suffix.lower().removeprefix(".")
    try:
        feature = guard.find(GROUP, name)
    except PluginError as error:
        there = ", ".join(sorted(feature.name for feature in guard.enabled(GROUP)))
        raise Failed(f"{file.name}: {error if name else 'the suffix says which form is wanted'}; there are {there}", Exit.USAGE) from None
    if file.is_dir() or not file.parent.is_dir():
        raise Failed(f"{file} cannot be written: {'it is a folder' if file.is_dir() else 'there is no such folder'}", Exit.NOT_CREATED)
    tape = open_tape(args.tape)
    try:
        graph = _graph(tape, args.what, args.run)
        try:
            _write(file, lambda part: guard.call(feature, graph, part, title=os.path.basename(args.tape)))
        except PluginError as error:
            raise Failed(f"{file} was not written: {error}", Exit.NOT_CREATED) from error
        print(f"{file}: {len(graph)} nodes, {graph.number_of_edges()} edges")
        return read_to_end(tape, Exit.OK, "written")
    finally:
        tape.close()


def _write(file: Path, write: Callable[[Path], object]) -> None:
    """A file that is there already stays as it is until the new one is whole."""
    with tempfile.TemporaryDirectory(prefix=".gradstep-", dir=file.parent) as folder:
        part = Path(folder, file.name)
        write(part)
        os.replace(part, file)


def _graph(tape: Tape, what: str, number: int | None) -> nx.DiGraph:
    from ..tape import graph as graphs  # loads networkx, which the other commands do without

    runs = sorted(tape.runs)
    if number is not None and not 1 <= number <= len(runs):
        raise Failed(f"the tape has {len(runs)} calls of backward; --run {number} is none of them", Exit.USAGE)
    run = None if number is None else runs[number - 1]
    return {"backward": graphs.backward_graph, "forward": graphs.forward_graph, "both": graphs.combined_graph}[what](tape, run)


COMMAND = Command("export", __doc__, _arguments, _run)
