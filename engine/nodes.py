"""The backward nodes of declared ops: what a node keeps, in slots of its own, and how it gives gradients.

Every op gets a class a name of its node, made when first needed. ``edge0``, ``edge1``, ... are where the gradients of its
inputs go: a node, a pair of node and slot where that is not its first, or None. ``kept_NAME`` is what backward needs, with
``version_NAME`` beside it:

====================  =============================================  ==================================================
what is kept          ``kept_NAME``                                  ``version_NAME``
====================  =============================================  ==================================================
an input              the tensor                                     the version of its memory
a number as input     the number                                     it as an array
the output            its array: the tensor would make a circle      the memory's Storage, once somebody asked for one
====================  =============================================  ==================================================

That is what the short way (``quick.py``) writes. The general way, and whoever looks at a kept tensor, puts a SavedTensor
there, or a tuple with some; both have shapes, types and numbers as they are, and RELEASED after backward.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from . import devices
from .autograd import node as _node
from .autograd.node import Edge, Node
from .autograd.saved import FREED, SavedTensor, packing
from .dtypes import _BY_NUMPY
from .tape.schema import NodeKind
from .tensor import Storage, Tensor, wrap

if TYPE_CHECKING:
    from collections.abc import Mapping

Rule = Callable[..., Any]

RELEASED: Any = type("Released", (), {"__slots__": (), "__repr__": lambda self: "<released>"})()
_new = object.__new__


class OpNode(Node):
    """The backward of one call of a declared op: its rules, and what they need.

    ``shape`` is the shape of the gradient that arrives, and ``element`` its numpy type, where the short way made the node: one
    output, on the CPU, of the type that all inputs have, float32 or float64; and where it could have, if it went by lists. Elsewhere
    it is None, and ``slots`` say it.
    """

    __slots__ = ("element", "shape")

    kind = NodeKind.FUNCTION
    op: Any
    params: tuple[Any, ...] = ()
    edge_inputs: tuple[str, ...] = ()
    rules: tuple[tuple[int, Rule, tuple[str, ...]], ...] = ()  # the number of the edge, its rule, and what the rule asks for
    names: tuple[str, ...] = ()  # of what may be kept
    looks: tuple[tuple[str, Callable[[Any], Any]], ...] = ()  # what gives them; AttributeError where no gradient asks for one
    direct = 0  # how many edges it has in slots of their own; 0: they are in next_edges
    on_arrays = 0  # how many gradients ``run`` gives, as arrays, for passes that nobody records or differentiates; 0: there is no such
    shape: Any
    element: Any

    __init__ = object.__init__  # every slot is assigned by who makes a node

    @property
    def slots(self) -> Any:
        if self.shape is None:
            return _slots.__get__(self)
        return ((self.shape, _BY_NUMPY[self.element], devices.CPU_DEVICE),)

    @slots.setter
    def slots(self, slots: Any) -> None:
        self.shape = None
        _slots.__set__(self, slots)

    # ------------------------------------------------------------------------------------ what is kept

    def recall(self, name: str) -> Any:
        """What was kept under ``name``, tensors as they were then.

        Raises RuntimeError, in PyTorch's words, where it was freed or changed in place since.
        """
        kept = getattr(self, f"kept_{name}")
        kind = type(kept)
        if kind is SavedTensor:
            return kept.unpack(self)
        if kept is RELEASED:
            raise RuntimeError(FREED)
        if isinstance(kept, Tensor):
            cell = kept._cell
            if cell is None or cell.version == getattr(self, f"version_{name}"):
                return kept
            return self.full(name).unpack(self)  # raises
        if kind is tuple:
            return tuple(k.unpack(self) if type(k) is SavedTensor else k for k in kept)
        if devices.is_array(kept):
            return self.full(name).unpack(self)
        return kept

    def full(self, name: str) -> SavedTensor:
        """The tensor kept under ``name`` with its version in an object of its own, which takes hooks."""
        kept: Any = getattr(self, f"kept_{name}")
        version: Any = getattr(self, f"version_{name}", None)
        if isinstance(kept, Tensor):
            return SavedTensor.of(kept, None, kept._cell, version)
        if version is None:
            version = Storage()
            setattr(self, f"version_{name}", version)
        return SavedTensor.of(None, kept, version, 0)

    def array(self, name: str) -> Any:
        """The array of what was kept under ``name``, as ``run`` needs it where that is not the commonest case."""
        kept = self.recall(name)
        return kept._data if isinstance(kept, Tensor) else getattr(self, f"version_{name}")

    def adopt(self, tensor: Any, cell: Any) -> Any:
        if getattr(self, "kept_out", None) is not tensor._data:
            return cell
        if getattr(self, "version_out", None) is None:
            setattr(self, "version_out", cell)  # noqa: B010  # a slot of the subclass
        return getattr(self, "version_out")  # noqa: B009

    def written(self, out: Any, tensor: Any) -> None:
        """The output ``out``, if it is kept, was written into ``tensor`` in place: that is its memory from now on."""
        for name in self.names:
            kept = getattr(self, f"kept_{name}", None)
            if type(kept) is SavedTensor and kept._data is out._data:
                kept.tie(tensor)
            elif kept is out._data and kept is not None:
                setattr(self, f"kept_{name}", SavedTensor.of(None, tensor._data, tensor._storage, tensor._version))

    @property
    def _saved(self) -> dict[str, Any] | None:
        """What is kept, by name; None after it was released."""
        found = {name: kept for name in self.names if (kept := getattr(self, f"kept_{name}", self)) is not self}
        return None if any(kept is RELEASED for kept in found.values()) else found

    @property
    def keeps(self) -> bool:
        """Whether ``release`` would forget something."""
        some = False
        for name, look in self.looks:
            if not _is_described(name):
                try:
                    if look(self) is RELEASED:
                        return False
                    some = True
                except AttributeError:  # no gradient asks for it
                    continue
        return some

    def release(self) -> Any:
        saved = self._saved
        if not saved or all(_is_described(name) for name in saved):
            return None
        for name in saved:
            setattr(self, f"kept_{name}", RELEASED)
        return saved

    def restore(self, released: Mapping[str, Any]) -> None:
        for name, kept in released.items():
            setattr(self, f"kept_{name}", kept)

    def kept(self) -> Sequence[tuple[str, Any, Any]]:
        found: list[tuple[str, Any, Any]] = []
        for name, look in self.looks:
            try:
                kept = look(self)
            except AttributeError:  # no gradient asks for it
                continue
            if type(kept) is Tensor:
                found.append((name, kept, None))
                continue
            for one in kept if type(kept) is tuple else (kept,):
                if type(one) is SavedTensor:
                    found.append((name, one._tensor, one._data))
                elif isinstance(one, Tensor):
                    found.append((name, one, None))
                elif name == "out" and devices.is_array(one):
                    found.append((name, None, one))
        return found

    def saved_entries(self) -> Iterable[tuple[str, Any]]:
        for name, kept in (self._saved or {}).items():
            for one in kept if type(kept) is tuple else (kept,):
                if type(one) is SavedTensor:
                    yield name, one.peek(self)
                elif isinstance(one, Tensor):
                    yield name, one
                elif name == "out" and devices.is_array(one):
                    yield name, self.full(name).peek(self)

    def __getattr__(self, name: str) -> Any:
        """``_saved_other``: the value that the rule will use, as PyTorch spells it (``self`` is the first input)."""
        raw = name.startswith("_raw_saved_")
        if raw or name.startswith("_saved_"):
            op, asked = self.op, name.removeprefix("_raw_saved_" if raw else "_saved_")
            asked = {"self": op.inputs[0] if op.inputs else "", "result": "out"}.get(asked, asked)
            if asked in op.params and not raw:
                return dict(zip(op.params, self.params, strict=True))[asked]
            saved = self._saved
            if saved is None and (raw or asked in self.names):
                raise RuntimeError(FREED)
            if saved is not None and asked in saved:
                return self._raw(asked) if raw else self.recall(asked)
            if not raw and (asked in op.inputs or asked in op.outputs):
                return None  # no gradient asks for it
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def _raw(self, name: str) -> Any:
        """What stands under ``name``, a tensor as an object that takes hooks: the node is no longer what the short way made."""
        kept = getattr(self, f"kept_{name}")
        if isinstance(kept, Tensor) or (name == "out" and devices.is_array(kept)):
            kept = self.full(name)
            setattr(self, f"kept_{name}", kept)
            self.slots = self.slots
        return kept

    # ------------------------------------------------------------------------------------ gradients

    def run(self, g: Any, some: Any, keep: bool, hooked: bool) -> Any:
        """The gradients for the edges as arrays: see ``_written``, which replaces this where there is such a way."""
        if not self.on_arrays:
            return None
        type(self).run = _written(type(self), False)  # type: ignore[method-assign]
        return self.run(g, some, keep, hooked)

    def trace(self, g: Any, some: Any, keep: bool) -> Any:
        """The gradients for the edges as tensors that have a graph: see ``_written``, which replaces this."""
        type(self).trace = _written(type(self), True)  # type: ignore[method-assign]
        return self.trace(g, some, keep)

    def apply(self, grads: tuple[Any, ...], edges: Sequence[Edge | None] | None = None) -> Sequence[Any]:
        op = self.op
        if edges is None:
            edges = self.next_edges
        wanted = op.gradient_outputs
        if op.variadic_outputs or (len(grads) > 1 and len(wanted) != 1):
            if all(g is None for g in grads):
                return (None,) * len(edges)
            g: Any = tuple(self._zeros(i) if grad is None else grad for i, grad in enumerate(grads))
        else:
            g = grads[wanted[0]] if len(grads) > 1 else grads[0]
            if g is None:
                return (None,) * len(edges)
        known: dict[str, Any] = {"g": g}
        if packing.used:
            known.update((n, self.recall(n)) for n, look in self.looks if _is_packed(look, self))
        if self.params:
            known.update(zip(op.params, self.params, strict=True))
        if op.variadic:
            name = op.inputs[0]
            result = op.rules[name](*[known[n] if n in known else self.recall(n) for n in op.needs[name]])
            return [r if edge is not None else None for r, edge in zip(result, edges, strict=True)]
        result = [None] * len(edges)
        for i, rule, names in self.rules:
            if edges[i] is not None:
                for n in names:
                    if n not in known:
                        known[n] = self.recall(n)
                result[i] = rule(*[known[n] for n in names])
        for joined, rule in op.joint.items():
            numbers = [self.edge_inputs.index(n) for n in joined]
            known["needs"] = needs = tuple(edges[i] is not None for i in numbers)
            if any(needs):
                given = [known[n] if n in known else self.recall(n) for n in op.needs[joined]]
                for i, need, r in zip(numbers, needs, rule(*given), strict=True):
                    result[i] = r if need else None
        return result

    def _zeros(self, slot: int) -> Any:
        described = self.slots[slot]
        if described is None:
            return None
        shape, kind, place = described
        return wrap(devices.array_module(place).zeros(shape, kind.numpy))


def _is_packed(look: Callable[[Any], Any], node: OpNode) -> bool:
    """Whether a user's hook packed what is kept there: PyTorch unpacks all of that, in its order, before the rule runs."""
    try:
        kept = look(node)
    except AttributeError:  # no gradient asks for it
        return False
    return any(type(one) is SavedTensor and one.is_packed for one in (kept if type(kept) is tuple else (kept,)))


_slots: Any = Node.__dict__["slots"]
_edges: Any = Node.__dict__["next_edges"]


def _one_edge(node: Any) -> tuple[Edge | None, ...]:
    edge = node.edge0
    return (None if edge is None else edge if type(edge) is tuple else (edge, 0),)


def _two_edges(node: Any) -> tuple[Edge | None, ...]:
    one, two = node.edge0, node.edge1
    return (
        None if one is None else one if type(one) is tuple else (one, 0),
        None if two is None else two if type(two) is tuple else (two, 0),
    )


def _all_edges(count: int) -> Callable[[Any], tuple[Edge | None, ...]]:
    look = attrgetter(*(f"edge{i}" for i in range(count)))
    return lambda node: tuple([None if e is None else e if type(e) is tuple else (e, 0) for e in look(node)])


def make_class(op: Any, name: str, edge_inputs: tuple[str, ...]) -> type[OpNode]:
    """The class of the nodes of ``op`` that are called ``name`` and whose edges belong to ``edge_inputs``."""
    direct = 0 if op.variadic or op.tail else len(edge_inputs)
    slots = [f"edge{i}" for i in range(direct)]
    for kept in op.names:
        slots += [f"kept_{kept}", f"version_{kept}"]
    if op.params:
        slots.append("params")
    body: dict[str, Any] = {"__slots__": tuple(slots), "__doc__": op.doc, "op": op, "edge_inputs": edge_inputs, "names": op.names}
    body["rules"] = tuple((i, op.rules[n], op.needs[n]) for i, n in enumerate(edge_inputs) if n in op.rules)
    body["direct"] = direct
    if "::" in name:  # the full name of the few nodes that PyTorch does not generate
        body["name"] = lambda self: name
    if direct:
        body["next_edges"] = property(_one_edge if direct == 1 else _two_edges if direct == 2 else _all_edges(direct))
    if direct and op.is_plain:
        body["on_arrays"] = direct
    elif op.is_list:
        body["on_arrays"] = 1
    made: type[OpNode] = type(name.rpartition("::")[2], (OpNode,), body)
    # straight from the slots: where one is empty, getattr would go on to __getattr__
    made.looks = tuple((kept, vars(made)[f"kept_{kept}"].__get__) for kept in op.names)
    return made


def _is_described(name: str) -> bool:
    """Whether a shape or a type is kept under that name: a node that keeps nothing else can go backward again, as in PyTorch."""
    return name.endswith(("_shape", "_dtype"))


def make_node(made: type[OpNode], edges: Sequence[Edge | None], params: tuple[Any, ...], slots: tuple[Any, ...]) -> Any:
    """A node of the general way: ``slots`` say what gradients arrive."""
    node: Any = _new(made)
    if made.direct:
        for i, edge in enumerate(edges):
            setattr(node, f"edge{i}", None if edge is None else edge if edge[1] else edge[0])
    else:
        node.next_edges = tuple(edges)
    node.slots = slots
    if params:
        node.params = params
    node.sequence = _node.next_sequence()
    node.hooks = None
    node.id = 0
    if _node.remember is not None:
        _node.remember(node)
    return node


def _written(made: type[OpNode], graph: bool) -> Any:
    """``node.run(g, some, keep, hooked)``, or with ``graph`` ``node.trace(g, some, keep)``, written out for the nodes of one class.

    ``run`` gives pairs of an edge and the gradient for it, an array, or None where none is wanted: edges to nodes outside of
    ``some``, where that is given, want none. What the node kept is released unless ``keep``. It gives None, and does nothing,
    where the node has to be run with tensors: the general way made it, hooks are to be called (``hooked``: they have been), or
    the gradient is a tensor of its own kind. A rule on arrays (``on_arrays``) is called with arrays; any other with tensors,
    as in a pass without a graph. For ``mul`` it reads, the second edge left out::

        def run(node, g, some, keep, hooked):
            if node.shape is None or g is None or (node.hooks is not None and not hooked):
                return None
            if type(g) is Tensor:
                if g._requires_grad or g._data.dtype is not node.element:
                    return None
                g = g._data
            edge0 = node.edge0
            wanted0 = edge0 is not None and (some is None or (edge0[0] if type(edge0) is tuple else edge0) in some)
            r0 = None
            if wanted0:
                other = node.kept_other
                if isinstance(other, Tensor) and ((cell := other._cell) is None or cell.version == node.version_other):
                    other = other._data
                else:
                    other = node.array("other")
                r0 = rule0(xp, g, other)
            if not keep:
                node.kept_other = RELEASED
            return ((edge0, r0),)

    ``trace`` takes a tensor and gives pairs of an edge, with its slot, and the gradient for it, a tensor, or None.
    """
    op, edge_inputs, name = made.op, made.edge_inputs, made.__name__
    quick = {} if graph else op.quick
    scope: dict[str, Any] = {"Tensor": Tensor, "RELEASED": RELEASED, "ndarray": devices.CPU.ndarray}
    scope |= {"wrap": wrap, "unwrapped": _unwrapped, "cpu": devices.CPU, "wide": devices.wide, "own": _own_output}
    lines = ["def run(node, g, some, keep):"]
    if not graph:
        lines = [
            "def run(node, g, some, keep, hooked):",
            "    if node.shape is None or g is None or (node.hooks is not None and not hooked):",
            "        return None",
            "    if type(g) is Tensor:",
            "        if g._requires_grad or g._data.dtype is not node.element:",
            "            return None",
            "        g = g._data",
        ]
    if op.variadic:
        return _compiled([*lines, *_list_lines(op, graph, scope)], name, scope)
    results = [f"r{i}" for i in range(len(edge_inputs))]
    for i in range(len(edge_inputs)):
        lines.append(f"    edge{i} = node.edge{i}")
        lines.append(
            f"    wanted{i} = edge{i} is not None and (some is None or (edge{i}[0] if type(edge{i}) is tuple else edge{i}) in some)"
        )
    lines.append(f"    {' = '.join(results)} = None")
    if any(len(names) > 1 and "xp" in names for _, names in quick.values()):
        lines.append(f"    xp = cpu if g.size < {devices.LARGE} else wide(cpu)")
    if graph:
        lines.append("    t = g")
    elif op.joint or any(n not in quick for n in edge_inputs):
        lines.append("    t = wrap(g if type(g) is ndarray else cpu.asarray(g))")
    for i, n in enumerate(edge_inputs):
        if n not in op.rules:
            continue
        rule, names = quick[n] if n in quick else (op.rules[n], op.needs[n])
        scope[f"rule{i}"] = rule
        lines.append(f"    if wanted{i}:")
        loads, given = _loads(op, names, n in quick, graph)
        lines += ["        " + line for line in loads]
        if names == ("g",) and n in quick:
            lines.append(f"        r{i} = g")
        else:
            lines.append(f"        r{i} = rule{i}({given})")
            if n not in quick and not graph:
                lines.append(f"        r{i} = unwrapped(node, r{i})")
    for number, (joined, rule) in enumerate(op.joint.items()):
        scope[f"joint{number}"] = rule
        places = [edge_inputs.index(n) for n in joined]
        lines.append(f"    needs = ({''.join(f'wanted{i}, ' for i in places)})")
        lines.append("    if True in needs:")
        loads, given = _loads(op, op.needs[joined], False, graph)
        lines += ["        " + line for line in loads]
        lines.append(f"        {''.join(f'r{i}, ' for i in places)} = joint{number}({given})")
        if not graph:
            lines += [f"        r{i} = unwrapped(node, r{i}) if wanted{i} else None" for i in places]
    lines += _released(op)
    if graph:
        lines.append("    pairs = []")
        for i, r in enumerate(results):
            lines.append(f"    if wanted{i}:")
            lines.append(f"        pairs.append((edge{i} if type(edge{i}) is tuple else (edge{i}, 0), {r}))")
        lines.append("    return pairs")
    else:
        lines.append(f"    return ({''.join(f'(edge{i}, {r}), ' for i, r in enumerate(results))})")
    return _compiled(lines, name, scope)


def _compiled(lines: list[str], name: str, scope: dict[str, Any]) -> Any:
    exec(compile("\n".join(lines), f"{__file__} ({name})", "exec"), scope)  # counts as a file of the engine: not the user's frame
    return scope["run"]


def _released(op: Any) -> list[str]:
    """The lines that forget what was kept unless it is to stay."""
    data = [n for n in op.names if not _is_described(n)]
    return ["    if not keep:", f"        {' = '.join(f'node.kept_{n}' for n in data)} = RELEASED"] if data else []


def _list_lines(op: Any, graph: bool, scope: dict[str, Any]) -> list[str]:
    """The lines of ``_written`` for an op of a list of tensors: one rule gives the gradients of all."""
    n = op.inputs[0]
    scope["rule"], names = (op.rules[n], op.needs[n]) if graph else op.quick[n]
    loads, given = _loads(op, names, not graph, graph)
    wanted = "edge is not None and (some is None or edge[0] in some)"
    lines = ["    t = g" if graph else f"    xp = cpu if g.size < {devices.LARGE} else wide(cpu)", *("    " + line for line in loads)]
    lines += [f"    parts = rule({given})", *_released(op)]
    if graph:
        return [*lines, f"    return [(edge, part) for edge, part in zip(node.next_edges, parts) if {wanted}]"]
    return [*lines, f"    return [(edge, part if {wanted} else None) for edge, part in zip(node.next_edges, parts)]"]


def _loads(op: Any, names: tuple[str, ...], arrays: bool, graph: bool) -> tuple[list[str], str]:
    """The lines that fetch what a rule asks for by ``names``, as arrays or as tensors, and the arguments of its call."""
    lines: list[str] = []
    given: list[str] = []
    for asked in names:
        given.append("t" if asked == "g" and not arrays else asked)
        if asked in ("xp", "g", "needs"):
            continue
        if asked in op.params:
            lines.append(f"{asked} = node.params[{op.params.index(asked)}]")
            continue
        lines.append(f"{asked} = node.kept_{asked}")
        if asked == "out":
            lines.append("if type(out) is not ndarray or (cell := node.version_out) is not None and cell.version:")
            lines.append("    out = node.array('out')" if arrays else "    out = node.recall('out')")
            if not arrays:
                lines += ["else:", "    out = own(node, out)" if graph else "    out = wrap(out)"]
        elif asked in op.inputs or asked in op.outputs:
            lines.append(f"if isinstance({asked}, Tensor) and ((cell := {asked}._cell) is None or cell.version == node.version_{asked}):")
            lines.append(f"    {asked} = {asked}._data" if arrays else "    pass")
            if arrays and asked == op.inputs[-1] and op.promote is not None:
                lines += [f"elif type({asked}) is float or type({asked}) is int:", f"    {asked} = node.version_{asked}"]
            lines.append(f"elif {asked} is not None:" if asked in op.optional else "else:")
            lines.append(f"    {asked} = node.{'array' if arrays else 'recall'}({asked!r})")
        else:
            lines += [f"if {asked} is RELEASED:", f"    node.recall({asked!r})"]
    return lines, ", ".join(given)


def _own_output(node: Any, array: Any) -> Tensor:
    """The kept output of ``node`` as a tensor, tied to it."""
    made = wrap(array)
    cell = node.version_out
    if cell is None:
        cell = node.version_out = Storage()
    made._cell, made._edge, made._requires_grad = cell, node, True
    return made


def _unwrapped(node: Any, grad: Any) -> Any:
    """The array of what a rule gave, in the type that the node's inputs have."""
    if grad is None:
        return None
    array = grad._data
    if array.dtype is node.element:
        return array
    return (grad.real if grad.is_complex() else grad)._data.astype(node.element)
