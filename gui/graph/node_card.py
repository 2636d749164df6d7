"""The card on a node that the pointer rests on: what it is, what came and went, what it keeps, where it was made. No Qt."""

from __future__ import annotations

import math
from html import escape

from gradstep.engine.tape.graph import Key
from gradstep.engine.tape.kernels import Kernel
from gradstep.engine.tape.schema import Val
from gradstep.engine.tape.unseen import why_opaque

from ..models.debug_model import DebugModel
from ..models.named import both
from ..models.node_facts import FactBoard
from ..models.steps import StepView
from ..translation import translate
from ..widgets.formats import byte_size, dtype_text, number, one_line, outs_text, seconds, shape_text

_LINES = 4  # values of one kind that are listed


def card(model: DebugModel, board: FactBoard, key: Key) -> str:
    """Rich text; "" where the tape does not know the node."""
    kind, id = key
    rows: list[tuple[str, str]] = []
    if kind == "node":
        view = model.step_view(id)
        if view is None:
            return ""
        title, state = view.name, view.status
        rows.append((_said("inside"), why_opaque(board.reader.tape, view.name)))
        rows += _of_step(board, view)
    elif kind == "op" and id in board.reader.tape.ops:
        title, state = board.reader.op_name(id), ""
        rows += _of_op(board, id)
    elif kind == "leaf" and id in board.reader.tape.tensors:
        title, state = both(board.reader.given(("leaf", id)), board.reader.own_tensor_name(id, leaf=True)), ""
        rows.append((_said("value"), _value(board, board.leaf(id))))
    else:
        return ""
    facts = board.facts(key)
    if facts.norm == facts.norm and kind != "node":
        rows.append((_said("gradient"), _said("norm {0}").format(number(facts.norm, 3))))
    low, high = facts.range
    if low == low:
        rows.append((_said("range"), f"{number(low, 3)} .. {number(high, 3)}"))
    if facts.bad > 0:
        rows.append((_said("not finite"), f"{facts.nans} nan, {facts.infs} inf"))
    if facts.duration == facts.duration:
        rows.append((_said("time"), seconds(facts.duration)))
    if facts.memory == facts.memory and facts.memory > 0:
        rows.append((_said("memory"), byte_size(int(facts.memory))))
    rows += _kernels(board, key, view if kind == "node" else None)
    if facts.module:
        rows.append((_said("module"), facts.module))
    frame = board.reader.node_frame(id) if kind == "node" else None
    if kind == "op":
        stack = board.reader.tape.ops[id].stack
        frame = stack[0] if stack else None
    if frame is not None:
        rows.append((_said("line"), f"{frame.file.rpartition('/')[2]}:{frame.line}"))
    if facts.hook:
        rows.append((_said("hooks"), facts.hook))
    head = f"<nobr><b>{escape(title)}</b>" + (f" &nbsp;{escape(state)}" if state else "") + "</nobr>"
    body = "".join(
        f"<tr><td style='padding-right:10px'>{escape(name)}</td><td>{escape(one_line(text, 90))}</td></tr>" for name, text in rows if text
    )
    return f"{head}<table cellspacing='0'>{body}</table>"


def _said(text: str) -> str:
    return translate("NodeCard", text)


def _of_step(board: FactBoard, view: StepView) -> list[tuple[str, str]]:
    rows = []
    if view.op_key is not None:
        op = board.reader.tape.ops[view.op_key[1]].name
        rows.append((_said("op"), f"{op}({view.params})" if view.params else op))
    for slot in view.arrived[:_LINES]:
        shape = slot.name.partition(", ")[2]
        norm = slot.total.text.norm_text() if slot.total is not None else ""
        rows.append((_said("gradient in"), f"{shape}, {_said('norm {0}').format(norm)}" if norm else shape))
    for line in [line for line in view.sent if line.key is not None][:_LINES]:
        norm = line.text.norm_text()
        rows.append((_said("gradient to"), f"{line.name}, {_said('norm {0}').format(norm)}" if norm else line.name))
    saved = [f"{line.name} {line.text.shape}" if line.text is not None else line.name for line in view.saved]
    if saved:
        freed = all(line.freed for line in view.saved)
        rows.append((_said("saved"), ", ".join(saved) + (f" ({_said('freed')})" if freed else "")))
    return rows


def _of_op(board: FactBoard, id: int) -> list[tuple[str, str]]:
    op = board.reader.tape.ops[id]
    rows = []
    if op.params:
        rows.append((_said("with"), ", ".join(f"{name}={value}" for name, value in op.params)))
    given = [_value(board, val) for val in op.ins[:_LINES] if val is not None]
    if given:
        rows.append((_said("given"), ", ".join(given)))
    for out in op.outs[:_LINES]:
        stats = board.reader.tape.stats.get(out)
        norm = _said("norm {0}").format(number(stats.norm, 3)) if stats is not None and not math.isnan(stats.norm) else ""
        rows.append((_said("made"), ", ".join(part for part in (_value(board, out), norm) if part)))
    return rows


def _kernels(board: FactBoard, key: Key, step: StepView | None) -> list[tuple[str, str]]:
    """What an op, or a node that has run, ran inside: in order, each with its time; or that this was not recorded."""
    book = board.reader.kernels
    kernels = step.kernels if step is not None else book.of_op(key[1]) if key[0] == "op" else ()
    if kernels:
        rows = [(_said("kernels") if not place else "", _kernel(one)) for place, one in enumerate(kernels[:_LINES])]
        more = len(kernels) - _LINES
        return rows + ([("", _said("and {0} more").format(more))] if more > 0 else [])
    if book.asked is False and (key[0] == "op" or (step is not None and step.event >= 0)):
        return [(_said("kernels"), _said("not recorded: start with --kernels"))]
    return []


def _kernel(one: Kernel) -> str:
    return f"{one.name} {seconds(one.duration)}" + (f", {outs_text(one.outs)}" if one.outs else "")


def _value(board: FactBoard, val: Val | None) -> str:
    noun = board.reader.tape.tensors.get(val.tensor) if val is not None else None
    return f"{shape_text(noun.meta.shape)} {dtype_text(noun.meta.dtype)}" if noun is not None else ""
