"""What the ops of a tape cost, summed up: how many, how long forward and backward, how many bytes; by op, by module or by device.

All is read off the rows a column at a time, so that a tape with 100,000 events takes a moment and a growing one can be read again.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from .blocks import gather
from .elements import DTYPES, size_of
from .outline import by_id
from .standing import standing
from .wire import CALL, NODE, NODE_ENTER, NODE_EXIT, OP, TENSOR

if TYPE_CHECKING:
    from .reader import Tape

Ints = npt.NDArray[np.int64]
_MOST = 1 << 62  # bytes
_AGAIN = 5  # times that reading a tape in pieces is begun anew because it grew
_NS = 1e-9


class By(Enum):
    """What is summed up together; the values are words of the command line."""

    OP = "op"
    MODULE = "module"
    DEVICE = "device"


@dataclass(frozen=True, slots=True)
class Total:
    """One line. ``ops`` ran forward; ``steps`` are the times that nodes ran backward and were not taken back.

    ``forward`` and ``backward`` are seconds; a step counts without the steps and ops that ran inside of it. ``share`` is that of
    all these seconds, from 0 to 1. ``results``: bytes that ops made (a view makes none, what is changed in place counts once).
    ``kept``: bytes that nodes keep for their backward, before they are freed; what several keep counts at each. ``op_ids`` and
    ``node_ids`` are what is in it. ``name`` is "" where there is no module, or no device is known."""

    name: str
    ops: int
    steps: int
    forward: float
    backward: float
    share: float
    results: int
    kept: int
    op_ids: Ints
    node_ids: Ints

    @property
    def seconds(self) -> float:
        """Forward and backward together."""
        return self.forward + self.backward


def _size(tape: Tape) -> tuple[int, ...]:
    """What is known of a tape by now, in numbers that only grow."""
    return len(tape.events), len(tape.ops), len(tape.nodes), len(tape.tensors)


class Tally:
    """The columns of a tape, as far as it was read when this was made. ``totals`` sums them up in any way."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        for _ in self._read():
            pass

    @classmethod
    def in_pieces(cls, tape: Tape) -> Iterator[Tally | None]:
        """The same in pieces of some ten milliseconds for 100,000 nodes, for who has something else to do between them: None
        until it is done. Where the tape grows between two pieces it is begun anew, and after some times done at once."""
        found = cls.__new__(cls)
        found._tape = tape
        for _ in range(_AGAIN):
            size = _size(tape)
            for _ in found._read():
                yield None
                if _size(tape) != size:
                    break
            else:
                yield found
                return
        yield cls(tape)

    def _read(self) -> Iterator[None]:
        tape = self._tape
        metas = tape.metas()
        self._bytes = np.array([min(size_of(meta.dtype, meta.shape), _MOST) if meta.dtype in DTYPES else 0 for meta in metas], np.int64)
        self._devices = list(dict.fromkeys(["", *(meta.device for meta in metas)]))
        place = {device: number for number, device in enumerate(self._devices)}
        self._device = np.array([place[meta.device] for meta in metas], np.int64)
        self._meta_of, self._base_of = by_id(tape, TENSOR, 2)[0], by_id(tape, TENSOR, 4)[0]
        yield
        self._read_ops()
        yield
        self._read_nodes()
        yield
        columns = self._entered_and_left()
        yield
        self._read_steps(*columns)
        yield

    def totals(self, by: By) -> list[Total]:
        """The lines, the one that took longest first; of equal ones, the one with more ops and steps."""
        names, of_op, of_node = {By.OP: self._by_op, By.MODULE: self._by_module, By.DEVICE: self._by_device}[by]()
        count = len(names)
        ops, steps = np.bincount(of_op, minlength=count), np.bincount(of_node, self._steps, count).astype(np.int64)
        forward, backward = np.bincount(of_op, self._forward, count), np.bincount(of_node, self._backward, count)
        results, kept = np.zeros(count, np.int64), np.zeros(count, np.int64)
        np.add.at(results, of_op, self._results)
        np.add.at(kept, of_node, self._kept)
        whole = float(forward.sum() + backward.sum())
        there = np.bincount(of_node, minlength=count) + ops
        op_order, node_order = np.argsort(of_op, kind="stable"), np.argsort(of_node, kind="stable")
        op_ends, node_ends = (np.searchsorted(of[order], np.arange(count + 1)) for of, order in ((of_op, op_order), (of_node, node_order)))
        found = []
        for line in np.lexsort((-(ops + steps), -(forward + backward))).tolist():
            if not there[line]:
                continue
            mine = op_order[op_ends[line] : op_ends[line + 1]]
            nodes = node_order[node_ends[line] : node_ends[line + 1]]
            share = float(forward[line] + backward[line]) / whole if whole > 0 else 0.0
            total = Total(
                names[line], int(ops[line]), int(steps[line]), float(forward[line]), float(backward[line]), share,
                int(results[line]), int(kept[line]), self._op_id[mine], self._node_id[nodes],
            )  # fmt: skip
            found.append(total)
        return found

    def names(self, total: Total) -> list[str]:
        """How the ops and the nodes of a line are called."""
        texts = np.r_[self._op_name[self._op_row_of(total.op_ids)], self._node_name[self._node_row_of(total.node_ids)]]
        return sorted({self._tape.text(text) for text in np.unique(texts).tolist()})

    def leaves(self, total: Total) -> list[int]:
        """The tensors into whose .grad the nodes of a line add."""
        found = self._node_leaf[self._node_row_of(total.node_ids)]
        leaves: list[int] = found[found > 0].tolist()
        return leaves

    # ---------------------------------------------------------------------------------------------------------- reading

    def _read_ops(self) -> None:
        """Id, name, call, seconds, bytes and device of each op, in the order of the tape."""
        table, taken, made, owner = [np.zeros((0, 8), np.int64)], [_none()], [_none()], [_none()]
        before = 0
        for rows, pool in self._tape.rows_of(OP):
            start = rows[:, 7]
            ins, outs = pool[start + 2], pool[start + 3]
            table.append(rows)
            taken.append(pool[start + 1])
            made.append(gather(pool, start + 4 + 2 * ins, 2 * outs)[::2])
            owner.append(before + np.repeat(np.arange(len(rows)), outs))
            before += len(rows)
        ops, tensor, op = np.concatenate(table), np.concatenate(made), np.concatenate(owner)
        self._op_id, self._op_name, self._op_call, self._op_inside = (ops[:, column] for column in (1, 2, 3, 4))
        self._forward = np.concatenate(taken) * _NS
        first = np.unique(tensor, return_index=True)[1]  # a tensor is made once; later versions of it are changes in place
        fresh = first[self._at(self._base_of, tensor[first]) == 0]
        self._results = np.zeros(len(ops), np.int64)
        np.add.at(self._results, op[fresh], self._bytes[self._at(self._meta_of, tensor[fresh])])
        self._op_device = np.zeros(len(ops), np.int64)
        with_one, place = np.unique(op, return_index=True)
        self._op_device[with_one] = self._device[self._at(self._meta_of, tensor[place])]

    def _read_nodes(self) -> None:
        """Id, name, op, leaf, bytes and device of each node, in the order of the tape."""
        table, width, kept = [np.zeros((0, 8), np.int64)], [_none()], [_none()]
        for rows, pool in self._tape.rows_of(NODE):
            start = rows[:, 7]
            ins, edges, saved = pool[start], pool[start + 1], pool[start + 2]
            table.append(rows)
            width.append(pool[np.minimum(start + 3, len(pool) - 1)] * (ins > 0))  # the first slot's shape
            tensor = gather(pool, start + 3 + ins + 2 * edges, 3 * saved)[1::3]
            sums = np.zeros(len(rows), np.int64)
            np.add.at(sums, np.repeat(np.arange(len(rows)), saved), self._bytes[self._at(self._meta_of, tensor)] * (tensor > 0))
            kept.append(sums)
        nodes = np.concatenate(table)
        self._node_id, self._node_name, self._node_op, self._node_leaf = (nodes[:, column] for column in (1, 2, 4, 5))
        self._kept = np.concatenate(kept)
        self._node_device = self._device[np.concatenate(width)]
        self._op_row = self._op_row_of(self._node_op)  # the row of the op that made the node, -1 for none
        unknown = (self._node_device == 0) & (self._op_row >= 0)
        self._node_device[unknown] = self._op_device[self._op_row[unknown]]

    def _entered_and_left(self) -> tuple[Ints, Ints, Ints, Ints, npt.NDArray[np.bool_]]:
        """Thread, run, time and node of each event in which a node was entered or left, and whether it was entered."""
        codes = self._tape.events.codes
        chosen = np.flatnonzero(((codes == NODE_ENTER) | (codes == NODE_EXIT)) & standing(self._tape))
        places = self._tape.event_rows[chosen]  # no copy of all events, which would take longer than all else
        head, run, time, id = (self._tape.rows[places, column] for column in range(4))
        return head >> 8, run, time, id, codes[chosen] == NODE_ENTER

    def _read_steps(self, thread: Ints, run: Ints, time: Ints, id: Ints, enter: npt.NDArray[np.bool_]) -> None:
        """How often each node ran, and its own seconds."""
        node = self._node_row_of(id)
        pairs = np.lexsort((id, run))  # of equal ones, in the order of the tape
        one, two = pairs[:-1], pairs[1:]
        same = enter[one] & ~enter[two] & (id[one] == id[two]) & (run[one] == run[two])
        begin, end = one[same], two[same]
        own = (time[end] - time[begin]).astype(np.float64)
        inside = _innermost(begin, end, thread)
        np.subtract.at(own, inside[inside >= 0], (time[end] - time[begin])[inside >= 0])
        known = node[begin] >= 0
        self._steps = np.bincount(node[enter & (node >= 0)], minlength=len(self._node_id)).astype(np.int64)
        backward = np.bincount(node[begin][known], own[known] * _NS, len(self._node_id))
        around = self._node_row_of(self._op_inside)  # ops of a backward that makes a graph count as ops
        np.subtract.at(backward, around[around >= 0], self._forward[around >= 0])
        self._backward = np.maximum(backward, 0.0)

    def _op_row_of(self, ids: Ints) -> Ints:
        return self._at(self._row_of(self._op_id), ids, -1)

    def _node_row_of(self, ids: Ints) -> Ints:
        return self._at(self._row_of(self._node_id), ids, -1)

    @staticmethod
    def _row_of(ids: Ints) -> Ints:
        table = np.full(int(ids.max(initial=0)) + 1, -1, np.int64)
        table[ids] = np.arange(len(ids))
        table[0] = -1  # no id
        return table

    @staticmethod
    def _at(table: Ints, ids: Ints, missing: int = 0) -> Ints:
        """``table[ids]``; ``missing`` where it has no such row."""
        return np.where(ids < len(table), table[np.minimum(ids, len(table) - 1)], missing)

    # --------------------------------------------------------------------------------------------------------- grouping

    def _by_op(self) -> tuple[list[str], Ints, Ints]:
        """Nodes belong to the op that made them; the others to what they are called."""
        lines: dict[str, int] = {}
        of_text: dict[int, int] = {}
        for text in np.unique(self._op_name).tolist():
            of_text[text] = lines.setdefault(self._tape.text(text), len(lines))
        of_op = _looked_up(self._op_name, of_text)
        of_node = np.where(self._op_row >= 0, np.r_[of_op, -1][self._op_row], -1)
        alone = of_node < 0
        own: dict[int, int] = {}
        for text in np.unique(self._node_name[alone]).tolist():
            name = re.sub(r"Backward\d*$", "", self._tape.text(text))
            own[text] = lines.setdefault(name, len(lines))
        of_node[alone] = _looked_up(self._node_name[alone], own)
        return list(lines), of_op, of_node

    def _by_module(self) -> tuple[list[str], Ints, Ints]:
        """By the innermost module call; a leaf's node belongs to the module whose parameter it is."""
        lines: dict[str, int] = {"": 0}
        of_call: dict[int, int] = {0: 0}
        for rows, _ in self._tape.rows_of(CALL):
            for id, path, kind in rows[:, (1, 2, 3)].tolist():
                of_call[id] = lines.setdefault(self._tape.text(path) or self._tape.text(kind), len(lines))
        of_op = _looked_up(self._op_call, of_call)
        of_node = np.where(self._op_row >= 0, np.r_[of_op, 0][self._op_row], 0)
        leaves = np.flatnonzero(self._node_leaf > 0)
        names, _ = by_id(self._tape, TENSOR, 5)
        for row, text in zip(leaves.tolist(), self._at(names, self._node_leaf[leaves]).tolist(), strict=True):
            owner = self._tape.text(text).rpartition(".")[0]
            of_node[row] = lines.setdefault(owner, len(lines))
        return list(lines), of_op, of_node

    def _by_device(self) -> tuple[list[str], Ints, Ints]:
        return self._devices, self._op_device, self._node_device


def _none() -> Ints:
    return np.zeros(0, np.int64)


def _looked_up(values: Ints, table: dict[int, int]) -> Ints:
    keys, place = np.unique(values, return_inverse=True)
    return np.array([table.get(key, 0) for key in keys.tolist()], np.int64)[place] if len(keys) else _none()


def _innermost(begin: Ints, end: Ints, thread: Ints) -> Ints:
    """For each step, from row ``begin`` to row ``end``, the step around it on the same thread, -1 for none."""
    around = np.full(len(begin), -1, np.int64)
    order = np.argsort(begin, kind="stable")
    for one in np.unique(thread[begin]).tolist():
        mine = order[thread[begin[order]] == one]
        if (end[mine][:-1] < begin[mine][1:]).all():
            continue  # one after the other
        open_: list[int] = []
        for step in mine.tolist():
            while open_ and end[open_[-1]] < begin[step]:
                open_.pop()
            around[step] = open_[-1] if open_ else -1
            open_.append(step)
    return around


COLUMNS = ("ops", "steps", "forward_s", "backward_s", "share", "results_bytes", "kept_bytes")


def as_csv(totals: Sequence[Total], by: By) -> str:
    """The lines as comma-separated values with a heading, for a table program: seconds and bytes as plain numbers."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow((by.value, *COLUMNS))
    for line in totals:
        figures = (f"{line.forward:.9f}", f"{line.backward:.9f}", f"{line.share:.6f}")
        writer.writerow((_plain(line.name), line.ops, line.steps, *figures, line.results, line.kept))
    return out.getvalue()


def as_text(totals: Sequence[Total], by: By) -> str:
    """The lines for people, as a table."""
    rows = [(by.value, "ops", "steps", "forward ms", "backward ms", "share", "results", "kept")]
    for line in totals:
        figures = (f"{1e3 * line.forward:.3f}", f"{1e3 * line.backward:.3f}", f"{line.share:.1%}", f"{line.results:,}", f"{line.kept:,}")
        rows.append((line.name or "(none)", f"{line.ops:,}", f"{line.steps:,}", *figures))
    wide = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join((cell.ljust if place == 0 else cell.rjust)(wide[place]) for place, cell in enumerate(row)).rstrip() for row in rows
    )


def as_facts(totals: Sequence[Total], by: By) -> dict[str, object]:
    """The lines as JSON."""
    return {
        "by": by.value,
        "lines": [
            dict(zip(("name", *COLUMNS), (t.name, t.ops, t.steps, t.forward, t.backward, t.share, t.results, t.kept), strict=True))
            for t in totals
        ],
    }


def _plain(name: str) -> str:
    """A name as a cell that no table program takes for a formula."""
    return f"'{name}" if name[:1] in ("=", "+", "-", "@", "\t", "\r") else name
