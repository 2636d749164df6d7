"""An engine of a stranger's, small enough to read: numbers, products, a backward. It needs nothing but the standard library, so
that the debugger can be tried on it in any Python."""

from __future__ import annotations

import contextlib
import itertools
import struct
import time

from gradstep.engine.debug.recording import PausableRecorder
from gradstep.engine.tape.keeping import Keeper, Level
from gradstep.engine.tape.schema import ACCUMULATE_SEQUENCE, NodeKind, Stats, Val
from gradstep.engine.tape.wire import STATS_ROW, stats_row

engine = None  # the Hand that is at work
_sequences = itertools.count()


class Number:
    """A tensor of one element."""

    _cell = _base = None
    _name = ""
    dtype = type("float64", (), {"name": "float64"})
    shape = ()
    device = "cpu"

    def __init__(self, data, node=None, requires_grad=False, name=""):
        self._id, self._name, self.grad = 0, name, None
        self._data = type("Data", (), {"value": data, "size": 1, "dtype": "float64", "shape": ()})()
        self.node, self.requires_grad, self.is_leaf = node, requires_grad, node is None
        if requires_grad and node is None:
            self.node = Node("AccumulateGrad", [], (), NodeKind.ACCUMULATE, ACCUMULATE_SEQUENCE, self)

    @property
    def value(self):
        return self._data.value

    def __mul__(self, other):
        started = time.perf_counter()
        edges = [(one.node, 0) if one.node is not None else None for one in (self, other)]
        needs = any(edges)
        node = Node("MulBackward", edges, (("self", self), ("other", other))) if needs else None
        out = Number(self.value * other.value, node, needs)
        if engine is not None and engine.tape is not None:
            engine.tape.op("mul", [self, other], [out], node, {}, started)
        return out

    def backward(self):
        Walk(self.node, Number(1.0)).run_all()


class Node:
    hooks = None

    def __init__(self, title, edges, saved, kind=NodeKind.FUNCTION, sequence=None, variable=None):
        self.id, self.title, self.next_edges, self.saved, self.kind = 0, title, edges, saved, kind
        self.sequence = next(_sequences) if sequence is None else sequence
        self.variable, self.metas = variable, [("float64", (), "cpu")]

    def name(self):
        return self.title

    def kept(self):
        return None

    def saved_entries(self):
        return self.saved


class Walk:
    """A pass whose nodes the control runs."""

    rewindable, undo_bytes, current, undoable, forgets = False, 0, None, 0, False

    def __init__(self, root, seed):
        self.taken, self.waiting, self.run = 0, {root: seed}, 0
        self.needed, todo = [], [root]
        while todo:
            node = todo.pop()
            self.needed.append(node)
            todo += [edge[0] for edge in node.next_edges if edge is not None and edge[0] not in self.needed]
        self.arrivals = {node: sum(e is not None and e[0] is node for one in self.needed for e in one.next_edges) for node in self.needed}
        self.root, self.seed = root, seed

    def run_all(self):
        tape = engine.tape
        self.run = tape.run_begin([(self.root, 0)], [self.seed], self.needed, False, False, True)
        tape.grad_added(self.run, None, (self.root, 0), self.seed, True)
        try:
            engine.control.drive(self)
        finally:
            tape.run_end(self.run)

    @property
    def ready(self):
        return [node for node in self.waiting if self.arrivals[node] == 0]

    @property
    def next_node(self):
        return max(self.ready, key=lambda node: node.sequence, default=None)

    def pending(self, node):
        return [self.waiting.get(node)]

    def step(self):
        node, tape = self.next_node, engine.tape
        if node is None:
            return False
        grad = self.waiting.pop(node)
        tape.node_enter(self.run, node, [grad])
        if node.kind == NodeKind.ACCUMULATE:
            before = node.variable.grad
            node.variable.grad = grad if before is None else Number(before.value + grad.value)
            tape.grad_stored(self.run, node.variable, before, node.variable.grad)
            tape.node_exit(self.run, node, [])
        else:
            kept = dict(node.saved)
            grads = [Number(grad.value * kept[name].value) for name in ("other", "self")]
            tape.node_exit(self.run, node, grads)
            for place, edge in enumerate(node.next_edges):
                if edge is not None:
                    target = edge[0]
                    self.arrivals[target] -= 1
                    tape.grad_added(self.run, (node, place), (target, 0), grads[place], self.arrivals[target] == 0)
                    known = self.waiting.get(target)
                    self.waiting[target] = grads[place] if known is None else Number(known.value + grads[place].value)
        self.taken += 1
        return True

    def remembering(self):
        return contextlib.nullcontext()


def stats(number):
    x = number.value
    return Stats(Val(number._id, 0), 1, abs(x), x, x, x, int(x == 0), int(x != x), 0, 0, False)


class Numbers(Keeper):
    """Keeps numbers."""

    def __init__(self, *args):
        super().__init__(*args)
        self.held = []

    @property
    def waits(self):
        return bool(self.held)

    def take(self, tensor, version, data, storage=0, like=0):
        self.held.append((tensor, version, data.value))

    def forget(self, known):
        self.held = [one for one in self.held if one[0] in known]

    def push(self):
        rows = [Stats(Val(t, v), 1, abs(x), x, x, x, int(x == 0), int(x != x), 0, 0, False) for t, v, x in self.held]
        kept = [(t, v, "float64", (), (), struct.pack("<d", x)) for t, v, x in self.held if self._afford(8)]
        self._hand_over(kept if self.level >= Level.VALUES else [], [], b"".join(STATS_ROW.pack(*stats_row(row)) for row in rows))
        self.held = []


class HandRecorder(PausableRecorder):
    def keeper(self, budget):
        return Numbers(self.sink, self.level, budget, self._dropped)

    def steps(self, run):
        return None


class Hand:
    """The target."""

    def __init__(self):
        self.tape = self.control = None

    def start(self, launch, control):
        self.control = control
        return HandRecorder

    def install(self, tape):
        global engine
        engine, self.tape = self, tape

    def forget(self):
        self.tape = None

    def versions(self):
        return {"hand": "1"}

    def go_on(self, walk, before):
        return False

    def cannot_rewind(self, walk):
        return "this engine cannot"

    @contextlib.contextmanager
    def aside(self):
        yield

    def op_name(self, node):
        return node.name()[: -len("Backward")].lower() if node.name().endswith("Backward") else node.name()

    def public_name(self, op):
        return op

    def leaf_name(self, leaf):
        return leaf._name

    def is_tensor(self, value):
        return isinstance(value, Number)

    def identity(self, tensor):
        return tensor._id, 0

    def about(self, tensor):
        return {"tensor": tensor._id, "version": 0, "name": tensor._name, "dtype": "float64", "shape": [], "device": "cpu"}

    def grad(self, tensor):
        return tensor.grad

    def takes_gradient(self, tensor):
        return tensor.is_leaf and tensor.requires_grad

    def part(self, tensor, index, cap):
        return (), struct.pack("<d", tensor.value)

    def statistics(self, tensors):
        return [stats(tensor) for tensor in tensors]

    def misfit(self, old, new):
        return ""
