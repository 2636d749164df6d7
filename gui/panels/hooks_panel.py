"""Hooks and AccumulateGrad: every hook in firing order with what it did, and what was accumulated onto what."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from gradstep.engine.tape.schema import HookKind

from ..models.hooks import HookGroup, HookLine, HooksView, StoreLine
from ..models.values import ValueRef
from ..panel import Panel
from ..widgets.columns import Columns
from ..widgets.formats import file_name
from .buttons import worded
from .detail_tree import DetailTree, Line
from .notice import Stage


class HooksPanel(Panel):
    """Shows the hooks and stores of a run; those after the cursor are pale."""

    title = "Hooks"
    about = "Every hook in firing order with the gradient before and after it, and what was accumulated onto what"

    node_picked = Signal(object)  # the user wants to see this graph node
    value_picked = Signal(object)  # ValueRef: the user wants to see this value
    line_picked = Signal(str, int)  # the user wants to see this line of the source
    event_picked = Signal(int)  # the user wants to look at the moment of this event
    hook_switched = Signal(str, bool)  # the user wants the hooks of this name called, or not

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(240, 90)
        self._view = HooksView(0)
        self._node: tuple[str, int] | None = None
        self._tree = DetailTree(
            [self.tr("Hook or store"), self.tr("Before"), self.tr("After"), self.tr("Effect"), self.tr("Defined at")], parent=self
        )
        self._tree.setAccessibleName(self.tr("Hooks and accumulated gradients"))
        Columns(self._tree, dict(enumerate((240, 104, 104, 270))), rest=150)
        self._tree.line_picked.connect(self._picked)
        self._tree.line_activated.connect(self._activated)
        self._only = QCheckBox(self.tr("Only the selected node"), self)
        self._only.toggled.connect(lambda _: self._fill())
        self._note = QLabel(self)
        self._note.setProperty("role", "dim")
        self._off: frozenset[str] = frozenset()
        self._chosen = ""  # the name of the hook of the chosen line
        self._unpacks = ""  # the same, where it is one that unpacks
        self._switch = QToolButton(self)
        worded(self._switch)
        self._switch.clicked.connect(lambda: self.hook_switched.emit(self._chosen, self._chosen in self._off))
        self._lines: dict[int, HookLine] = {}  # by event
        self._stage = Stage(self._tree, self)
        bar = QHBoxLayout()
        bar.setContentsMargins(10, 4, 10, 2)
        bar.addWidget(self._only)
        bar.addWidget(self._note, 1)
        bar.addWidget(self._switch)
        column_ = QVBoxLayout(self)
        column_.setContentsMargins(0, 0, 0, 0)
        column_.setSpacing(2)
        column_.addLayout(bar)
        column_.addWidget(self._stage, 1)
        self._show_switch()
        self._fill()

    @Slot(object)
    def show_hooks(self, view: HooksView | None) -> None:
        """Show the hooks and stores of a run, None for none."""
        self._view = view or HooksView(0)
        self._fill()

    @Slot(int)
    def show_position(self, position: int) -> None:
        """The cursor stands at this event."""
        self._tree.show_position(position)

    @Slot(object)
    def show_node(self, key: tuple[str, int] | None) -> None:
        """This graph node is selected."""
        self._node = key
        if self._only.isChecked():
            self._fill()

    def show_moment(self, view: HooksView, position: int, key: tuple[str, int] | None) -> None:
        """All three at once; nothing is done where they are as they were."""
        same = view is self._view and (key == self._node or not self._only.isChecked())
        self._view, self._node = view, key
        self._tree.show_position(position)
        if not same:
            self._fill()

    @Slot(object)
    def show_switched_off(self, names: frozenset[str]) -> None:
        """The hooks that are not called from now on."""
        if names != self._off:
            self._off = names
            self._show_switch()
            self._fill()

    # --------------------------------------------------------------------------------------------------------- inside

    def _show_switch(self) -> None:
        self._switch.setEnabled(not self._unpacks)
        if self._unpacks:
            self._switch.setVisible(True)
            self._switch.setText(self.tr("%1 Is Always Called").replace("%1", self._unpacks))
            self._switch.setToolTip(
                self.tr("What was packed can be read by its unpack hook alone: switch off the pack hook and start again")
            )
            return
        names = self._off if not self._chosen else frozenset((self._chosen,))
        if not self._chosen and names:
            self._chosen = sorted(names)[0]
        self._switch.setVisible(bool(self._chosen))
        if self._chosen in self._off:
            self._switch.setText(self.tr("Call %1 Again").replace("%1", self._chosen))
            self._switch.setToolTip(self.tr("Its hooks are called again from the next step on"))
        else:
            self._switch.setText(self.tr("Switch Off %1").replace("%1", self._chosen))
            self._switch.setToolTip(
                self.tr("Its hooks are not called from the next step on; step back and run again to see the difference")
            )

    def _fill(self) -> None:
        self._lines.clear()
        groups = [group for group in self._view.groups if not self._only.isChecked() or group.key == self._node]
        self._note.setText(self.tr("%1 earlier nodes are left out").replace("%1", str(self._view.left_out)) if self._view.left_out else "")
        if groups:
            self._stage.show_content()
            self._tree.fill([self._group(group) for group in groups])
        elif self._view.groups:
            self._stage.show_notice(self.tr("No hook fired around the selected node, and it stored no gradient."))
        else:
            self._stage.show_notice(self.tr("No hook has fired and no gradient was stored up to here."))

    def _group(self, group: HookGroup) -> Line:
        lines = tuple(self._line(line, group) for line in group.lines)
        op = "AccumulateGrad" if group.name.startswith("AccumulateGrad") else group.name
        return Line((group.name,), group.key, lines, strong=True, op=op, id=group.key, happened=group.row.is_past)

    def _line(self, line: HookLine | StoreLine, group: HookGroup) -> Line:
        happened = partial(_has_happened, line.event, group)
        if isinstance(line, StoreLine):
            before = line.previous.norm_text() if line.previous is not None else self.tr("nothing")
            effect = line.sum_text() or self.tr("added") if line.previous is not None else self.tr("stored")
            cells = (line.name, before, line.now.norm_text(), effect, "")
            return Line(cells, (line.event, line.value, None, ""), bad=bool(line.now.bad), id=line.event, happened=happened)
        at = f"{file_name(line.at.file)}:{line.at.line}" if line.at is not None else ""
        if line.raised:
            effect = self.tr("raised an error")
        elif line.kind is HookKind.PACK:
            effect = self.tr("packed %1").replace("%1", line.ratio).rstrip() if line.changed else self.tr("kept as it is")
        elif line.kind is HookKind.UNPACK:
            effect = self.tr("unpacked %1").replace("%1", line.ratio).rstrip() if line.changed else self.tr("given as it is")
        elif line.changed:
            effect = self.tr("changed %1").replace("%1", line.ratio).rstrip()
        else:
            effect = self.tr("unchanged")
        self._lines[line.event] = line
        name = line.name if line.name == line.kind_name else f"{line.name}  ({line.kind_name})"
        if line.switchable in self._off:
            effect = self.tr("%1, now switched off").replace("%1", effect)
        cells = (name, line.before.norm_text(), line.after.norm_text(), effect, at)
        return Line(
            cells, (line.event, line.value, line.at, line.switchable), bad=line.raised or bool(line.after.bad), id=line.event,
            happened=happened,
        )  # fmt: skip

    def _picked(self, target: object) -> None:
        if isinstance(target, tuple) and len(target) == 4 and isinstance(target[1], ValueRef):
            self._chosen = target[3]
            line = self._lines.get(target[0])
            self._unpacks = line.name if line is not None and line.kind is HookKind.UNPACK else ""
            self._show_switch()
            self.value_picked.emit(target[1])
        elif isinstance(target, tuple) and len(target) == 2:
            self.node_picked.emit(target)

    def _activated(self, target: object) -> None:
        if isinstance(target, tuple) and len(target) == 4:
            self.event_picked.emit(target[0])
            if target[2] is not None:
                self.line_picked.emit(target[2].file, target[2].line)


def _has_happened(event: int, group: HookGroup, position: int) -> bool:
    """Whether an event of a group is not after a position, nor undone by then."""
    return event <= position and group.row.is_past(position)
