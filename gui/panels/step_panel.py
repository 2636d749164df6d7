"""The node inspector: what a backward node is, what arrived, what it passed on, what it saved, which hooks it has."""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF, Qt, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from gradstep.engine.tape.kernels import Kernel
from gradstep.engine.tape.schema import Frame, NodeKind
from gradstep.engine.tape.state import Status

from .. import theme
from ..models.hooks import HookLine, StoreLine
from ..models.steps import KIND_NAMES, GradLine, SavedLine, SlotLines, StepView
from ..models.values import ValueRef
from ..panel import Panel
from ..widgets.elided import ElidedLabel
from ..widgets.formats import file_name, number, outs_text, seconds
from ..widgets.holder import Holder
from ..widgets.plain import tip
from .detail_tree import DetailTree, Line
from .notice import Stage
from .statistics_view import StatisticsView

_WIDE = 480  # px: a panel in which columns need not be as narrow as they can


class StepPanel(Panel):
    """The gradient that arrived at a node and what the node passed on."""

    title = "Node"
    about = "One backward node: gradients in and out, saved tensors, hooks, and the line of its forward op"

    node_picked = Signal(object)  # the user wants to see this graph node: ("node", id) or ("op", id)
    value_picked = Signal(object)  # ValueRef: the user wants to see this value
    line_picked = Signal(str, int)  # the user wants to see this line of the source

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumWidth(220)
        self._view: StepView | None = None
        self._room: dict[int, int] = {}  # of a column: the most pixels that it needed since the panel has this width
        self._mark = _Mark(self)
        self._name = ElidedLabel(self, Qt.TextElideMode.ElideMiddle)
        self._name.setProperty("role", "title")
        self._place = QLabel(self)
        self._place.setTextFormat(Qt.TextFormat.PlainText)
        self._place.setProperty("role", "dim")
        self._module = QLabel(self)
        self._module.setFont(theme.mono_font(12))
        self._module.setProperty("role", "dim")
        self._module.setTextFormat(Qt.TextFormat.PlainText)
        self._why = QLabel(self)
        self._why.setWordWrap(True)
        self._why.setProperty("role", "dim")
        self._why.setTextFormat(Qt.TextFormat.PlainText)
        self._source = QToolButton(self)
        self._source.setToolTip(self.tr("Go to the line of the forward op"))
        self._source.clicked.connect(self._go_to_source)
        self._facts = StatisticsView(self)
        self._facts.reserve(3)
        self._facts.setAccessibleName(self.tr("Facts of the node"))
        self._tree = DetailTree([self.tr("Gradient"), "|g|", self.tr("Shape")], stretched=0, parent=self)
        self._tree.setAccessibleName(self.tr("Gradients, saved tensors and hooks of the node"))
        self._tree.line_picked.connect(self._picked)
        self._tree.line_activated.connect(self._activated)

        body = QWidget(self)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self._mark)
        head.addWidget(self._name, 1)
        head.addWidget(self._place)
        second = QHBoxLayout()
        second.addWidget(self._module, 1)
        second.addWidget(self._source)
        top = QVBoxLayout()
        top.setContentsMargins(12, 10, 12, 6)
        top.setSpacing(4)
        top.addLayout(head)
        top.addLayout(second)
        top.addWidget(Holder(self._facts))
        top.addWidget(self._why)
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(self._tree, 1)
        self._stage = Stage(body, self)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._stage)
        self.show_step(None)

    @Slot(object)
    def show_step(self, view: StepView | None) -> None:
        """Show a node at a moment, None for none."""
        self._view = view
        if view is None:
            self._room.clear()
            self._stage.show_notice(self.tr("No node is selected. Pick one in the graph or in the events."))
            return
        self._stage.show_content()
        self._name.setText(view.given or view.name)
        self._name.setToolTip(tip(view.name))
        self._place.setText(view.place)
        self._module.setText("  ".join(part for part in (view.own if view.given else "", view.module) if part))
        self._source.setVisible(view.frame is not None)
        if view.frame is not None:
            self._source.setText(f"{file_name(view.frame.file)}:{view.frame.line}")
        facts = [
            (self.tr("status"), view.status, view.status == "failed"),
            (self.tr("sequence"), view.sequence, False),
            (self.tr("norm in"), _norm(view.norm_in), False),
            (self.tr("norm out"), _norm(view.norm_out), False),
            (self.tr("kind"), view.kind, False),
            (self.tr("time"), "" if math.isnan(view.duration) else seconds(view.duration), False),
        ]
        self._facts.show_facts([fact for fact in facts if fact[1]])
        why = self._not_seen(view.kind)
        self._why.setText(why)
        self._why.setVisible(bool(why))
        self._tree.fill(self._lines(view))
        self._share_out()
        self.setAccessibleDescription(f"{view.name}, {view.status}, {view.place}")
        self.restyle()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Numbers and shapes have their share of a wide panel."""
        super().resizeEvent(event)
        self._room.clear()
        self._share_out()

    def _share_out(self) -> None:
        """Numbers and shapes have the room that they need, up to a third, and keep it for the next nodes, so that columns stand still; a
        number in all its digits has it while it is there, and all have their share of a wide panel."""
        tree, header, third = self._tree, self._tree.header(), self.width() // 3
        wide = self.width() >= theme.scaled(_WIDE)
        for column, share, exact in ((1, 7, tree.room_for_exact()), (2, 4, 0)):
            needs = max(tree.sizeHintForColumn(column), header.sectionSizeHint(column))
            self._room[column] = room = max(self._room.get(column, 0), min(needs, third))
            tree.setColumnWidth(column, max(room, min(exact, third), self.width() // share if wide else 0))

    def restyle(self) -> None:
        if self._view is not None:
            self._mark.show_op(self._view.op)

    # --------------------------------------------------------------------------------------------------------- inside

    def _not_seen(self, kind: str) -> str:
        """Why a node of this kind shows less than others; "" where it does not."""
        return {
            KIND_NAMES[NodeKind.OPAQUE]: self.tr(
                "What it does cannot be seen: it is compiled, or written in C++ without a side in Python."
            ),
            KIND_NAMES[NodeKind.REBASE]: self.tr(
                "Writes the gradient of a view that was changed in place back into its base. The derivative of that change is inside."
            ),
            KIND_NAMES[NodeKind.BOUNDARY]: self.tr("Computes nothing: it carries the backward hooks of a module."),
        }.get(kind, "")

    def _lines(self, view: StepView) -> list[Line]:
        arrived: list[Line] = []
        for slot in view.arrived:
            parts = tuple(self._grad(part, id=("part", i)) for i, part in enumerate(slot.parts))
            total = self._grad(slot.total, strong=True) if slot.total is not None and not _same(slot) else None
            if not parts:
                parts = (Line((self.tr("nothing has arrived yet"),), dim=True),)
            within = (*parts, *((total,) if total is not None else ()))
            alone = len(view.arrived) == 1 and bool(slot.parts)  # then its lines say all that the slot's own would
            arrived += within if alone else [Line((slot.name,), children=within, strong=True)]
        sent = tuple(self._grad(line, id=("sent", i)) for i, line in enumerate(view.sent))
        sections = [Line((self.tr("Gradient in"),), children=tuple(arrived), heading=True)]
        if view.sent:
            sections.append(Line((self.tr("Gradient out"),), children=sent, heading=True))
        if view.saved:
            saved = tuple(self._saved(line) for line in view.saved)
            sections.append(Line((self.tr("Saved tensors"),), children=saved, heading=True))
        hooks = [*(self._happened(line) for line in view.lines)]
        hooks += [Line((self.tr("%1: not fired yet").replace("%1", name),), dim=True, id=("waits", name)) for name in view.waiting_hooks]
        if hooks:
            sections.append(Line((self.tr("Hooks and stores"),), children=tuple(hooks), heading=True))
        if view.kernels_asked is False or (view.kernels_asked and view.status_key is Status.DONE):
            inside = self._kernels(view.kernels, view, "kernel")
            if inside:
                sections.append(Line((self.tr("Kernels"), _total(view.kernels)), children=inside, heading=True))
        if view.op_key is not None:
            sections.append(Line((self.tr("Forward op"), "", ""), view.op_key, heading=True, children=self._forward(view)))
        return sections

    def _forward(self, view: StepView) -> tuple[Line, ...]:
        inside = self._kernels(view.op_kernels, view, "op kernel") if view.kernels_asked else ()
        title = Line((self.tr("kernels"), _total(view.op_kernels)), children=inside, id="op kernels")
        return (*self._stack(view), *((title,) if inside else ()))

    def _kernels(self, kernels: tuple[Kernel, ...], view: StepView, kind: str) -> tuple[Line, ...]:
        """The operators below autograd, in the order in which they ran; or why none are known."""
        if not view.kernels_asked:
            about = self.tr("Record with --kernels, or switch on Kernels under Preferences > Capture, to see what this node runs inside")
            return (Line((self.tr("not recorded"),), dim=True, tip=about, id="kernels"),)
        if not kernels and kind == "kernel":
            return (Line((self.tr("none: it ran no operator"),), dim=True, id="kernels"),)
        return tuple(
            Line((f"{place}  {one.name}", seconds(one.duration), outs_text(one.outs)), tip=f"{one.name}\n{one.outs}", id=(kind, place))
            for place, one in enumerate(kernels, 1)
        )

    def _saved(self, line: SavedLine) -> Line:
        name = self.tr("%1 (freed)").replace("%1", line.name) if line.freed else line.name
        tip = self.tr("Freed by backward; the value on the tape is still shown") if line.freed else ""
        if line.text is None:
            return Line((name, "", self.tr("packed or empty")), dim=True, tip=tip, id=("saved", line.name))
        cells = (name, line.text.bad or line.text.brief(), line.text.shape)
        bad, exact = bool(line.text.bad), line.text.alone
        return Line(cells, line.value, dim=line.freed, bad=bad, tip=tip, exact=exact, id=("saved", line.name))

    def _grad(self, line: GradLine, strong: bool = False, id: object = None) -> Line:
        name = line.name.removeprefix("AccumulateGrad ")  # the disc says so, and the parameter's name is what one looks for
        if line.value is None:
            return Line((name,), line.key, dim=True, op=line.op, tip=line.name, id=id)
        cells = (name, line.text.bad or line.text.brief(), line.text.shape)
        target = (line.key, line.value) if line.key is not None else line.value
        bad, exact = bool(line.text.bad), line.text.alone
        return Line(cells, target, strong=strong, bad=bad, op=line.op, tip=line.name, exact=exact, id=id)

    def _happened(self, line: HookLine | StoreLine) -> Line:
        if isinstance(line, StoreLine):
            before = self.tr("was {0}").format(line.previous.bad or line.previous.brief()) if line.previous is not None else line.now.shape
            cells = (line.name, line.now.bad or line.now.brief(), before)
            tip = self.tr("{0} stored: {1}").format(line.name, line.sum_text() or self.tr("norms are not known"))
            return Line(cells, line.value, bad=bool(line.now.bad), tip=tip, exact=line.now.alone)
        what = self.tr("raised") if line.raised else line.ratio if line.changed else self.tr("unchanged")
        return Line((f"{line.name} ({line.kind_name})", what, line.after.brief()), (line.at, line.value), bad=line.raised)

    def _stack(self, view: StepView) -> tuple[Line, ...]:
        params = (Line((view.params,), tip=view.params, dim=True, id="params"),) if view.params else ()
        return params + tuple(
            Line((f"{file_name(frame.file)}:{frame.line}  {frame.function}",), frame, tip=frame.file, id=("frame", i))
            for i, frame in enumerate(view.frames)
        )

    def _picked(self, target: object) -> None:
        for part in target if isinstance(target, tuple) and not isinstance(target, Frame) else (target,):
            if isinstance(part, ValueRef):
                self.value_picked.emit(part)

    def _activated(self, target: object) -> None:
        if isinstance(target, Frame):
            self.line_picked.emit(target.file, target.line)
        elif isinstance(target, tuple) and len(target) == 2 and isinstance(target[0], str):
            self.node_picked.emit(target)
        elif isinstance(target, tuple) and isinstance(target[0], Frame):
            self.line_picked.emit(target[0].file, target[0].line)
        elif isinstance(target, tuple) and isinstance(target[0], tuple):
            self.node_picked.emit(target[0])
        elif isinstance(target, ValueRef):
            self.value_picked.emit(target)

    def _go_to_source(self) -> None:
        if self._view is not None and self._view.frame is not None:
            self.line_picked.emit(self._view.frame.file, self._view.frame.line)


def _total(kernels: tuple[Kernel, ...]) -> str:
    """The time of all of them; "" of none."""
    return seconds(sum(one.duration for one in kernels)) if kernels else ""


def _same(slot: SlotLines) -> bool:
    """Whether the node was given just what arrived."""
    if len(slot.parts) != 1 or slot.total is None or slot.total.value is None or slot.parts[0].value is None:
        return False
    return slot.total.value.val == slot.parts[0].value.val


def _norm(value: float) -> str:
    return "" if math.isnan(value) else number(value)


class _Mark(QWidget):
    """The colour of an op's family: a square, a disc for what adds into a leaf."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFixedSize(12, 12)
        self.op = ""

    def show_op(self, op: str) -> None:
        """Of which op."""
        self.op = op
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        try:
            radius = 6 if self.op == "AccumulateGrad" else 3
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.current().category(self.op))
            painter.drawRoundedRect(QRectF(self.rect()), radius, radius)
        finally:
            painter.end()
