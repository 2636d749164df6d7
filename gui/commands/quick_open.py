"""Quick open: a node, a parameter, a module, a line (``:41``), an event (``#214``), a recent file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path, PurePath

from PySide6.QtCore import QObject, QSettings, Signal, Slot
from PySide6.QtWidgets import QWidget

from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.schema import Node, NodeKind, Role

from ..files import recent
from ..models.debug_model import DebugModel
from ..models.named import both
from ..widgets.formats import shape_text
from .chooser import Choice, Chooser

_LINE = re.compile(r"(?P<file>[^:#]*):(?P<line>\d*)")
_EVENT = re.compile(r"#(?P<event>\d*)")


class QuickOpen(QObject):
    """Asks by signals; the model answers what there is."""

    node_picked = Signal(object)  # the user wants to see this graph node
    line_picked = Signal(str, int)  # and this line of the source
    event_picked = Signal(int)  # and the moment of this event
    file_picked = Signal(str)  # and to open this file

    def __init__(self, window: QWidget, model: DebugModel, settings: QSettings) -> None:
        super().__init__(window)
        self._model, self._settings = model, settings
        self._file = ""  # whose lines are meant where none is named
        hint = self.tr("Node, parameter, module or file; :41 for a line, #214 for an event")
        empty = self.tr("Nothing is recorded, and no file was opened yet.")
        self.chooser = Chooser(window, self.tr("Quick open"), hint, empty)

    def show_script(self, file: str) -> None:
        """Lines are those of this file from now on."""
        self._file = file

    @Slot()
    def open(self) -> None:
        """Show what there is."""
        self.chooser.open(self._all(), self._direct)

    # ------------------------------------------------------------------------------------ what there is

    def _all(self) -> Iterator[Choice]:
        tape = self._model.tape
        if tape is not None:
            yield from self._parameters(tape)
            yield from self._modules(tape)
        for file in recent.recent(self._settings):
            yield Choice(
                f"file {file}", file.name, self.tr("recent file, {0}").format(file.parent), partial(self.file_picked.emit, str(file))
            )
        if tape is not None:
            yield from self._nodes(tape)
            for number in tape.ops:
                op = tape.ops[number]
                if all(slot is None for slot in op.grads) or self._given(("op", number)):  # else it is found by its backward node
                    name = self._called(("op", number), op.name)
                    without = all(slot is None for slot in op.grads)
                    detail = (self.tr("forward op {0}, no gradient") if without else self.tr("forward op {0}")).format(number)
                    yield Choice(f"op {number}", name, _at(detail, op.stack[0] if op.stack else None), self._goes(("op", number)))

    def _parameters(self, tape: Tape) -> Iterator[Choice]:
        nodes = {node.variable: number for number in tape.nodes if (node := tape.nodes[number]).kind is NodeKind.ACCUMULATE}
        for number in tape.tensors:
            tensor = tape.tensors[number]
            if (tensor.role is Role.LEAF and tensor.name) or self._given(("leaf", number)):
                shape = shape_text(tensor.meta.shape)
                key = ("node", nodes[number]) if number in nodes else ("leaf", number)
                name = self._called(("leaf", number), tensor.name)
                about = self.tr("parameter {0}") if tensor.role is Role.LEAF else self.tr("tensor {0}")
                yield Choice(f"tensor {number}", name, about.format(shape), self._goes(key), first=2.0)

    def _modules(self, tape: Tape) -> Iterator[Choice]:
        first: dict[int, tuple[str, int]] = {}
        for number in tape.ops:
            call = tape.ops[number].call
            while call is not None and call not in first:
                first[call] = self._graph_key(tape, number)
                call = tape.calls[call].parent
        seen: set[str] = set()
        for number in tape.calls:
            module = tape.calls[number]
            if number in first and (module.path not in seen or self._given(("group", number))):
                seen.add(module.path)
                name = self._called(("group", number), module.path or module.type)
                yield Choice(f"call {number}", name, self.tr("module {0}").format(module.type), self._goes(first[number]), first=1.0)

    def _nodes(self, tape: Tape) -> Iterator[Choice]:
        for number in tape.nodes:
            node = tape.nodes[number]
            name = self._called(("node", number), _name(tape, node))
            yield Choice(f"node {number}", name, self._about(tape, number, node), self._goes(("node", number)))

    def _given(self, key: tuple[str, int]) -> str:
        return self._model.reader.given(key) if self._model.reader is not None else ""

    def _called(self, key: tuple[str, int], own: str) -> str:
        return both(self._given(key), own)

    def _about(self, tape: Tape, number: int, node: Node) -> str:
        op = tape.ops.get(node.op) if node.op is not None else None
        module = tape.calls[op.call].path if op is not None and op.call is not None else ""
        detail = self.tr("node {0}").format(number) + (f", {module}" if module else "")
        return _at(detail, op.stack[0] if op is not None and op.stack else None)

    def _graph_key(self, tape: Tape, number: int) -> tuple[str, int]:
        """The backward node of an op, itself where it has none."""
        node = next((slot.node for slot in tape.ops[number].grads if slot is not None), None)
        return ("op", number) if node is None else ("node", node)

    def _goes(self, key: tuple[str, int]) -> partial[None]:
        return partial(self.node_picked.emit, key)

    # ------------------------------------------------------------------------------------ what is named by a number

    def _direct(self, query: str) -> Sequence[Choice] | None:
        if event := _EVENT.fullmatch(query):
            return self._events(event["event"])
        if line := _LINE.fullmatch(query):
            return self._lines(line["file"].strip(), line["line"])
        return None

    def _events(self, digits: str) -> Sequence[Choice]:
        tape = self._model.tape
        count = len(tape.events) if tape is not None else 0
        if not digits or not count:
            words = self.tr("an event from 0 to {0}").format(count - 1) if count else self.tr("nothing is recorded yet")
            return [Choice("event", "#", words, lambda: None, reason=words)]
        number = int(digits)
        if number >= count:
            return [Choice("event", f"#{number}", "", lambda: None, reason=self.tr("there are events up to {0}").format(count - 1))]
        assert tape is not None
        event = tape.events[number]
        node = tape.nodes.get(getattr(event, "node", None) or 0)
        words = type(event).__name__ + (f", {node.name}" if node is not None else "")
        return [Choice(f"event {number}", f"#{number}", words, partial(self.event_picked.emit, number))]

    def _lines(self, name: str, digits: str) -> Sequence[Choice]:
        sources = self._sources()
        named = [file for file in sources if not name or PurePath(file).name.startswith(name) or file.endswith(name)]
        named.sort(key=lambda file: file != self._file)
        if not named:
            return [Choice("line", f":{digits}", "", lambda: None, reason=self.tr("no source is open"))]
        found = []
        for file in named[: None if name else 1]:
            lines = sources[file].splitlines()
            number = int(digits) if digits else 1
            short = PurePath(file).name
            if number < 1 or number > len(lines):
                reason = self.tr("{0} has {1} lines").format(short, len(lines))
                found.append(Choice(f"line {file}", f"{short}:{digits}", "", lambda: None, reason=reason))
            else:
                run = partial(self.line_picked.emit, file, number)
                found.append(Choice(f"line {file}", f"{short}:{number}", lines[number - 1].strip(), run))
        return found

    def _sources(self) -> dict[str, str]:
        tape = self._model.tape
        found = dict(self._model.sources() or tape.sources) if tape is not None else {}
        if self._file and self._file not in found:
            try:
                found[self._file] = Path(self._file).read_text(encoding="utf-8", errors="replace")
            except OSError:
                return found  # it is gone since it was opened
        return found


def _name(tape: Tape, node: Node) -> str:
    variable = tape.tensors.get(node.variable) if node.variable is not None else None
    return f"{node.name} {variable.name}".strip() if variable is not None else node.name


def _at(detail: str, frame: object) -> str:
    file, line = getattr(frame, "file", ""), getattr(frame, "line", 0)
    return f"{detail}, {PurePath(file).name}:{line}" if file else detail
