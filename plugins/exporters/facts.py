"""What the exporters share: a node's facts in plain types, and files that are written wholly or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import networkx as nx


def place(data: Mapping[str, Any]) -> str:
    """The user's line that made a node, ``file:line``; "" where the tape has none."""
    return f"{data['line'][0]}:{data['line'][1]}" if data["line"] else ""


def plain(graph: nx.DiGraph) -> nx.DiGraph:
    """The same graph with names as keys and with numbers and words alone as attributes, for formats that know no others."""
    calls = graph.graph.get("calls", {})
    result: nx.DiGraph = nx.DiGraph()
    for key, data in graph.nodes(data=True):
        result.add_node(
            f"{key[0]}{key[1]}", label=data["label"], kind=data["kind"], op=data["op"], name=data["name"], detail=data["detail"],
            shape="" if data["shape"] is None else "x".join(map(str, data["shape"])), sequence=float(data["sequence"]),
            module=data["path"], calls=" > ".join(getattr(calls.get(call), "path", "") or str(call) for call in data["calls"]),
            hooks=int(data["hooks"]), line=place(data),
        )  # fmt: skip
    for source, target, data in graph.edges(data=True):
        slots = " ".join(f"{out}:{into}" for out, into in data["slots"])
        result.add_edge(f"{source[0]}{source[1]}", f"{target[0]}{target[1]}", kind=data["kind"], slots=slots)
    return result


@contextmanager
def writing(file: Path, mode: str = "w") -> Iterator[IO[Any]]:
    """A file that takes its place when all of it is written. Raises OSError; what stood there before is then still there."""
    descriptor, beside = tempfile.mkstemp(prefix=f".{file.name[:40]}-", dir=file.parent)
    try:
        with open(descriptor, mode, encoding=None if "b" in mode else "utf-8") as stream:
            yield stream
        os.chmod(beside, 0o666 & ~_umask())
        os.replace(beside, file)
    except BaseException:
        with suppress(OSError):
            os.unlink(beside)
        raise


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
