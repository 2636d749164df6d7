"""The declaration of an op: forward, backward rules, name, doc and samples in one place, and what runs when it is called.

``@op`` above a forward function makes a differentiable function of the same signature (less ``xp``). The annotations of
the forward say what is what: ``Array`` is a tensor, ``Array | None`` one that may be missing, ``Sequence[Array]`` (first
parameter, or last of the inputs and without gradients) a list of tensors, everything else is a parameter.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from . import devices, dtypes
from .autograd.grad_mode import mode
from .autograd.node import Edge, Node
from .autograd.saved import FREED, SavedTensor
from .halves import in_single
from .operands import OPERANDS, not_broadcast, not_tensors, prepared
from .samples import Sampler
from .tape import recorder
from .tape.schema import NodeKind
from .tensor import _DTYPES, Tensor, _new, view_of, wrap

Array = Any  # an array of numpy, cupy or whichever module the device computes with
Rule = Callable[..., Any]

OPS: dict[str, Op] = {}


class Op:
    """A declared op and everything that is derived from its declaration.

    ``inputs`` are the names of its tensor parameters, ``params`` of the others, both in the order of the signature.
    ``rules`` gives for each differentiable input its rule; ``needs`` the names that a rule asks for.
    """

    def __init__(
        self,
        forward: Callable[..., Any],
        vjp: Mapping[str | tuple[str, ...], Rule],
        samples: Callable[[Sampler], Iterable[Any]],
        torch: str | None,
        node: str | Callable[..., str] | None,
        promote: str | None,
        view: bool | str,
        outputs: tuple[str, ...],
        differentiable: tuple[str, ...] | None,
        deterministic: bool,
        gradcheck: bool,
        check: Callable[..., None] | None = None,
        apart: tuple[str, ...] = (),
        scalars: tuple[str | tuple[str, ...], ...] = (),
        halves: str | None = None,
        form: str | None = None,
    ) -> None:
        self.name = forward.__name__.rstrip("_") if not forward.__name__.startswith("_") else forward.__name__
        self.doc = inspect.getdoc(forward) or ""
        self.family = forward.__module__.rpartition(".")[2]
        self.forward = forward
        self.samples = samples
        self.torch = torch
        self.promote = promote
        self.view = bool(view)
        self.multiple_views = view == "multiple"
        self.deterministic = deterministic
        self.gradcheck = gradcheck
        self._node = node if node is not None else "".join(word.capitalize() for word in self.name.split("_")) + "Backward0"
        self._check = check
        self._apart = apart
        self._node_classes: dict[tuple[str, tuple[str, ...]], type[OpNode]] = {}

        signature = inspect.signature(forward)
        parameters = list(signature.parameters.values())[1:]
        kinds = {p.name: str(p.annotation).replace(" ", "") for p in parameters}
        self.variadic = kinds[parameters[0].name].startswith("Sequence[Array") if parameters else False
        self.inputs = tuple(n for n, kind in kinds.items() if kind.startswith(("Array", "Sequence[Array")))
        self.tail = bool(self.inputs) and not self.variadic and kinds[self.inputs[-1]].startswith("Sequence[Array")
        self.apart = frozenset(self.inputs.index(n) for n in self._apart)
        self.optional = frozenset(n for n, kind in kinds.items() if kind == "Array|None")
        self.params = tuple(n for n in kinds if n not in self.inputs)
        self.signature = signature.replace(parameters=parameters)
        self.variadic_outputs = outputs == ("*",)
        self.outputs = outputs
        self.gradient_outputs = tuple(range(len(outputs))) if differentiable is None else tuple(outputs.index(n) for n in differentiable)

        self.joint: dict[tuple[str, ...], Rule] = {k: r for k, r in vjp.items() if isinstance(k, tuple)}
        self.rules: dict[str, Rule] = {k: r for k, r in vjp.items() if isinstance(k, str)}
        self.needs = {k: tuple(inspect.signature(r).parameters) for k, r in vjp.items()}
        self.differentiable_inputs = tuple(n for n in self.inputs if n in self.rules or any(n in k for k in self.joint))
        known = {"g", "needs", *outputs, "out", *self.inputs, *self.params}
        known |= {f"{n}_shape" for n in self.inputs} | {f"{n}_dtype" for n in self.inputs}
        for k, names in self.needs.items():
            strangers = [n for n in names if n not in known]
            assert not strangers, f"op {self.name}: the rule for {k} asks for {strangers}, it may ask for {sorted(known)}"
        for k in vjp:
            assert set((k,) if isinstance(k, str) else k) <= set(self.inputs), f"op {self.name}: no input {k}"
        self.form = form if form is not None else self._form()
        self._scalars = tuple((n,) if isinstance(n, str) else n for n in scalars)
        self._plans: dict[tuple[bool, ...], tuple[str, ...]] = {}
        self._halves = halves or forward.__globals__.get("HALVES", "single")
        self.exact_numbers = self._halves == "exact numbers"
        self.compute = self._generate("compute")
        self.function = self._generate("call")
        self.function.op = self

    def __repr__(self) -> str:
        return f"<op {self.name}>"

    def _form(self) -> str:
        if self.view and len(self.inputs) == 1:
            return "linear"
        apart = self.variadic or self.tail or len(self.outputs) != 1 or {"dim", "reduction", "p"} & set(self.params)
        return "pointwise" if self.promote in ("common", "float") and not apart else ""

    def _generate(self, what: str) -> Any:
        """``call``: a function of the op's signature that hands inputs and params to ``_call``. ``compute``: a function of
        (xp, arrays, params) that calls the forward. Written out as source, as dataclasses are, so that calling is quick."""
        body: str
        if what == "call":
            heads: list[str] = []
            keyword = False
            for p in self.signature.parameters.values():
                if p.kind is p.KEYWORD_ONLY and not keyword:
                    keyword = True
                    heads.append("*")
                heads.append(p.name if p.default is p.empty else f"{p.name}=_defaults[{p.name!r}]")
            lines = [f"def {self.name}({', '.join(heads)}):"]
            spelled = [n for n in _NUMPY_NAMES if n in self.params]
            if spelled:
                lines[0] = f"def {self.name}({', '.join(heads)}, **spelled):"
                lines += ["    if spelled:", f"        {', '.join(spelled)}, = _numpy_names({self.name!r}, spelled, {{"]
                lines[-1] += ", ".join(f"{n!r}: {n}" for n in spelled) + "})"
            lines += self._call_lines()
            body = "\n".join(lines) + "\n"
        else:
            parts: list[str] = []
            for p in self.signature.parameters.values():
                if p.name in self.inputs:
                    number = self.inputs.index(p.name)
                    rest = self.tail and number == len(self.inputs) - 1
                    value = "arrays" if self.variadic else f"arrays[{number}{':' if rest else ''}]"
                else:
                    value = f"params[{self.params.index(p.name)}]"
                parts.append(f"{p.name}={value}" if p.kind is p.KEYWORD_ONLY else value)
            body = f"def compute(xp, arrays, params):\n    return _forward(xp, {', '.join(parts)})\n"
        defaults = {p.name: p.default for p in self.signature.parameters.values()}
        made = self._compiled(body, self.name if what == "call" else "compute", defaults)
        made.__doc__ = self.doc
        made.__module__ = self.forward.__module__
        made.__qualname__ = self.name
        return made

    def take_halves(self) -> None:
        """From now on be ready for 16-bit floats."""
        if not self.view and self._halves != "own":
            at = self.params.index("dtype") if "dtype" in self.params else None
            self.compute = in_single(self.compute, self.promote is not None, at)

    def _call_lines(self) -> list[str]:
        """The lines that check the arguments, where the op has a check, and make the call."""
        inputs = "".join(f"*{n}, " if self.tail and n == self.inputs[-1] else f"{n}, " for n in self.inputs)
        arguments = f"tuple({self.inputs[0]})" if self.variadic else f"({inputs})"
        params = "(" + "".join(f"{n}, " for n in self.params) + ")"
        lines = [f"    return _call(_op, {arguments}, {params})"]
        if self._check is not None:
            lines.insert(0, f"    _check({', '.join(inspect.signature(self._check).parameters)})")
        return lines

    def _compiled(self, body: str, name: str, defaults: dict[str, Any]) -> Any:
        scope: dict[str, Any] = {"_call": call, "_op": self, "_defaults": defaults, "_forward": self.forward, "_check": self._check}
        scope |= {"_numpy_names": _numpy_names, "_Tensor": Tensor, "OPERANDS": OPERANDS}
        exec(compile(body, f"{__file__} ({self.name})", "exec"), scope)  # counts as a file of the engine: not the user's frame
        return scope[name]

    def operator(self, name: str, reflected: bool) -> Any:
        """The op as an operator of two operands: ``NotImplemented`` where the other is no operand, so that Python asks it."""
        first, second = list(self.signature.parameters)[:2]
        if reflected:
            first, second = second, first
        others = {n: p.default for n, p in self.signature.parameters.items() if n not in (first, second)}
        lines = [
            f"def {name}({', '.join([first, second, *(f'{n}=_defaults[{n!r}]' for n in others)])}):",
            f"    if type({second}) is not _Tensor and not isinstance({second}, OPERANDS):",
            "        return NotImplemented",
            *self._call_lines(),
        ]
        made = self._compiled("\n".join(lines) + "\n", name, others)
        made.__doc__ = self.doc
        made.op = self
        return made

    def input_name(self, number: int) -> str:
        """The parameter that the ``number``-th tensor of a call stands in."""
        return self.inputs[0] if self.variadic else self.inputs[min(number, len(self.inputs) - 1)]

    # ------------------------------------------------------------------------------------ backward

    def node_name(self, inputs: Sequence[Any], params: Sequence[Any]) -> str:
        """The name of the node that a call with these arguments makes, as PyTorch names it."""
        if isinstance(self._node, str):
            return self._node
        known = {**dict(zip(self.inputs, inputs, strict=False)), **dict(zip(self.params, params, strict=True))}
        return self._node(**{n: known[n] for n in inspect.signature(self._node).parameters})

    def edge_inputs(self, args: Sequence[Any]) -> tuple[str, ...]:
        """The inputs that have a place among the edges of the node of a call."""
        names = self.differentiable_inputs
        for group in self._scalars:
            if not any(isinstance(args[self.inputs.index(n)], Tensor) for n in group):
                names = tuple(n for n in names if n not in group)
        return names

    def node_class(self, name: str, edge_inputs: tuple[str, ...]) -> type[OpNode]:
        """The class of the nodes of that name whose edges belong to those inputs."""
        found = self._node_classes.get((name, edge_inputs))
        if found is None:
            body: dict[str, Any] = {"__slots__": (), "__doc__": self.doc, "edge_inputs": edge_inputs}
            body["rules"] = tuple((i, self.rules[n], self.needs[n]) for i, n in enumerate(edge_inputs) if n in self.rules)
            if "::" in name:  # the full name of the few nodes that PyTorch does not generate
                body["name"] = lambda self: name
            found = self._node_classes[name, edge_inputs] = type(name.rpartition("::")[2], (OpNode,), body)
        return found

    def plan(self, wanted: tuple[bool, ...]) -> tuple[str, ...]:
        """The names to keep for backward when gradients are wanted for the inputs that are True in ``wanted``."""
        found = self._plans.get(wanted)
        if found is None:
            inputs = [n for n, want in zip(self.inputs, wanted, strict=False) if want]
            if self.variadic:
                inputs = [self.inputs[0]] if any(wanted) else []
            needs: dict[str, None] = {}
            for k, names in self.needs.items():
                if (k in inputs) if isinstance(k, str) else any(n in k for n in inputs):
                    needs.update(dict.fromkeys(names))
            found = self._plans[wanted] = tuple(n for n in needs if n != "g" and n != "needs" and n not in self.params)
        return found


class OpNode(Node):
    """The backward of one call of a declared op: its rules, and what they need."""

    __slots__ = ("_saved", "op", "params")

    kind = NodeKind.FUNCTION
    edge_inputs: tuple[str, ...] = ()
    rules: tuple[tuple[int, Rule, tuple[str, ...]], ...] = ()  # the number of the edge, its rule, and what the rule asks for
    op: Op
    params: tuple[Any, ...]
    _saved: dict[str, Any] | None  # name -> SavedTensor, a number, a shape, or a tuple of SavedTensors

    def _value(self, name: str, known: dict[str, Any]) -> Any:
        if name in known:
            return known[name]
        if self._saved is None:
            raise RuntimeError(FREED)
        kept = self._saved[name]
        if type(kept) is SavedTensor:
            kept = kept.unpack(self)
        elif type(kept) is tuple and any(type(k) is SavedTensor for k in kept):
            kept = tuple(k.unpack(self) if type(k) is SavedTensor else k for k in kept)
        known[name] = kept
        return kept

    def apply(self, grads: tuple[Any, ...], edges: Sequence[Edge | None] | None = None) -> Sequence[Any]:
        op = self.op
        if edges is None:
            edges = self.next_edges
        wanted = op.gradient_outputs
        if op.variadic_outputs or (len(self.slots) > 1 and len(wanted) != 1):
            if all(g is None for g in grads):
                return (None,) * len(edges)
            g: Any = tuple(self._zeros(i) if grad is None else grad for i, grad in enumerate(grads))
        else:
            g = grads[wanted[0]] if len(grads) > 1 else grads[0]
            if g is None:
                return (None,) * len(edges)
        known: dict[str, Any] = {"g": g}
        if self.params:
            known.update(zip(op.params, self.params, strict=True))
        if op.variadic:
            name = op.inputs[0]
            result = op.rules[name](*[self._value(n, known) for n in op.needs[name]])
            return [r if edge is not None else None for r, edge in zip(result, edges, strict=True)]
        result = [None] * len(edges)
        for i, rule, names in self.rules:
            if edges[i] is not None:
                result[i] = rule(*[known[n] if n in known else self._value(n, known) for n in names])
        for joined, rule in op.joint.items():
            numbers = [self.edge_inputs.index(n) for n in joined]
            known["needs"] = needs = tuple(edges[i] is not None for i in numbers)
            if any(needs):
                for i, need, r in zip(numbers, needs, rule(*[self._value(n, known) for n in op.needs[joined]]), strict=True):
                    result[i] = r if need else None
        return result

    def _zeros(self, slot: int) -> Any:
        described = self.slots[slot]
        if described is None:
            return None
        shape, kind, place = described
        return wrap(devices.array_module(place).zeros(shape, kind.numpy))

    def release(self) -> Any:
        released, self._saved = self._saved, None if self._saved else self._saved
        return released

    def restore(self, released: Any) -> None:
        self._saved = released

    def kept(self) -> Sequence[tuple[str, Any]]:
        found: list[tuple[str, Any]] = []
        for name, kept in (self._saved or {}).items():
            if type(kept) is SavedTensor:
                found.append((name, kept))
            elif type(kept) is tuple:
                found += [(name, one) for one in kept if type(one) is SavedTensor]
        return found

    def saved_entries(self) -> Iterable[tuple[str, Any]]:
        for name, kept in (self._saved or {}).items():
            for one in kept if type(kept) is tuple else (kept,):
                if type(one) is SavedTensor:
                    yield name, one.peek(self)

    def __getattr__(self, name: str) -> Any:
        """``_saved_other``: the value that the rule will use, as PyTorch spells it (``self`` is the first input)."""
        if name.startswith("_saved_"):
            asked = name.removeprefix("_saved_")
            op = self.op
            asked = {"self": op.inputs[0] if op.inputs else "", "result": "out"}.get(asked, asked)
            known = dict(zip(op.params, self.params, strict=True))
            if asked in known or self._saved is None or asked in self._saved:
                return self._value(asked, known)
            if asked in op.inputs or asked in op.outputs:
                return None  # no gradient asks for it
        if name.startswith("_raw_saved_"):
            asked = name.removeprefix("_raw_saved_")
            asked = {"self": self.op.inputs[0] if self.op.inputs else "", "result": "out"}.get(asked, asked)
            if self._saved is None:
                raise RuntimeError(FREED)
            if asked in self._saved:
                return self._saved[asked]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")


# -------------------------------------------------------------------------------------------------------------- calling


def _outside(*_: Any) -> Any:
    raise AssertionError("transforms are entered by autograd/levels.py, which sets what happens in them")


special: Callable[[Op, tuple[Any, ...], tuple[Any, ...]], Any] = _outside  # a call while ``mode.transforms``


def call(op: Op, args: tuple[Any, ...], params: tuple[Any, ...]) -> Any:
    """Run the op, or hand it to the transforms that this thread is inside of."""
    return special(op, args, params) if mode.transforms else run(op, args, params)


def run(op: Op, args: tuple[Any, ...], params: tuple[Any, ...]) -> Any:
    """Run the op: promote, compute, wrap, and remember for backward what the rules ask for."""
    if mode.autocast is not None and (rule := mode.autocast.rule(op)) is not None:
        args = tuple(mode.autocast.cast(rule, t) for t in args)
    tape = recorder.current
    if tape is not None:
        tape = None if mode.quiet else tape
        started = tape.clock() if tape is not None else 0.0
    arrays: list[Any] = []
    first: Tensor | None = None
    odd = False  # something is not a tensor
    needs = False
    for t in args:
        if type(t) is Tensor or isinstance(t, Tensor):
            if t._view is not None and mode.enabled:
                t._refresh()
            if t._requires_grad:
                needs = True
            if first is None:
                first = t
            arrays.append(t._data)
        else:
            odd = True
            arrays.append(t)
    if first is None:
        raise not_tensors(op, args)
    xp = devices.module_of(first._data)
    alike = not odd and len(arrays) == 2 and arrays[0].dtype is arrays[1].dtype and type(arrays[0]) is type(arrays[1])
    if (op.promote is not None or odd or len(arrays) > 1) and not (alike and op.promote == "common"):
        arrays = prepared(op, xp, args, arrays, odd)
        xp = devices.module_of(arrays[0]) if arrays[0] is not None else xp
    try:
        made = devices.quietly(op.compute, xp if first._data.size < devices.LARGE else devices.wide(xp), arrays, params)
    except ValueError as error:
        raise not_broadcast(op, arrays) or error from None

    several = type(made) is tuple or type(made) is list
    outs: list[Tensor] = []
    for array in made if several else (made,):
        if type(array) is not xp.ndarray:
            array = xp.asarray(array)
        if op.view:
            out = wrap(array.view() if array is arrays[0] else array)
            if array.base is not None or array is arrays[0]:
                out._base = first._base if first._base is not None else first
                out._cell = first._storage
                out._view = view_of(first, op.name, op.multiple_views)
        else:
            for a in arrays:
                if array is a:  # an op that had nothing to do: its result is no alias
                    array = array.copy()
                    break
            out = wrap(array)
        if first._inference if op.view else mode.inference:
            out._inference = True
        outs.append(out)

    node: OpNode | None = None
    if needs and mode.enabled and op.differentiable_inputs and not mode.inference:
        node = record(op, args, params, outs)
    if tape is not None:
        tape.op(op.name, args, outs, node, params, started, mode.enabled, op.params)
    return tuple(outs) if several else outs[0]


def record(op: Op, args: tuple[Any, ...], params: tuple[Any, ...], outs: list[Tensor]) -> OpNode | None:
    """Make the backward node of a call and tie the outputs to it."""
    wanted: list[bool] = []
    edges: list[Edge | None] = []
    names = op.edge_inputs(args) if op._scalars else op.differentiable_inputs
    uneven = op.variadic or op.tail  # the last parameter may stand for several tensors
    for i, t in enumerate(args):
        differentiable = (op.input_name(i) if uneven else op.inputs[i]) in names
        edge = t._gradient_edge() if differentiable and isinstance(t, Tensor) else None
        wanted.append(edge is not None)
        if differentiable:  # as in PyTorch, others have no place among the edges
            edges.append(edge)
    outputs = range(len(outs)) if op.variadic_outputs else op.gradient_outputs
    tied = [i for i in outputs if _DTYPES[outs[i]._data.dtype].category >= 2]
    if not tied or not any(wanted):
        return None
    node: OpNode = _new(op.node_class(op.node_name(args, params), names))
    slots = [out._slot() if i in tied else None for i, out in enumerate(outs)]
    Node.__init__(node, edges, slots)
    node.op = op
    node.params = params
    for i in tied:
        out = outs[i]
        out._edge = node
        out._output = i
        out._requires_grad = True
    saved: dict[str, Any] = {}
    for name in op.plan(tuple(wanted)):
        saved[name] = _keep(op, name, args, outs)
    node._saved = saved
    return node


def _keep(op: Op, name: str, args: tuple[Any, ...], outs: list[Tensor]) -> Any:
    """What stands in for ``name`` until backward."""
    if op.variadic and name == op.inputs[0]:
        return tuple(SavedTensor(t) if isinstance(t, Tensor) else t for t in args)
    if op.tail and name == op.inputs[-1]:
        return tuple(SavedTensor(t) if isinstance(t, Tensor) else t for t in args[len(op.inputs) - 1 :])
    if op.variadic and name == f"{op.inputs[0]}_shape":
        return [t._data.shape for t in args]
    if op.variadic and name == f"{op.inputs[0]}_dtype":
        return [t.dtype for t in args]
    if name in op.inputs:
        t = args[op.inputs.index(name)]
        return SavedTensor(t) if isinstance(t, Tensor) else t
    if name == "out" or name in op.outputs:
        if op.variadic_outputs:
            return tuple(SavedTensor(o, i) for i, o in enumerate(outs))
        number = 0 if name == "out" else op.outputs.index(name)
        return SavedTensor(outs[number], number if number in op.gradient_outputs else None)  # others are no part of the graph
    kind = "shape" if name.endswith("_shape") else "dtype"
    t = args[op.inputs.index(name.removesuffix(f"_{kind}"))]
    if kind == "shape":
        return t._data.shape if isinstance(t, Tensor) else ()
    return t.dtype if isinstance(t, Tensor) else dtypes.of_number(t)


_NUMPY_NAMES = {"dim": "axis", "keepdim": "keepdims"}


def _numpy_names(function: str, spelled: dict[str, Any], known: dict[str, Any]) -> tuple[Any, ...]:
    """``known`` with the values that the caller gave under numpy's names, as PyTorch allows.

    Raises TypeError for names that the function does not know.
    """
    values = []
    for name, value in known.items():
        values.append(spelled.pop(_NUMPY_NAMES[name], value))
    if spelled:
        raise TypeError(f"{function}() got an unexpected keyword argument '{next(iter(spelled))}'")
    return tuple(values)


def op(
    *,
    vjp: Mapping[Any, Rule] | None = None,
    samples: Callable[[Sampler], Iterable[Any]],
    torch: str | None = None,
    node: str | Callable[..., str] | None = None,
    promote: str | None = None,
    view: bool | str = False,
    outputs: tuple[str, ...] = ("out",),
    differentiable: tuple[str, ...] | None = None,
    deterministic: bool = True,
    gradcheck: bool = True,
    check: Callable[..., None] | None = None,
    apart: tuple[str, ...] = (),
    scalars: tuple[str | tuple[str, ...], ...] = (),
    halves: str | None = None,
    form: str | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare the op whose forward is the decorated function; gives the function that users call.

    vjp: for each differentiable input its rule, written in ops. A rule's parameter names say what backward keeps: ``g`` the
        gradient that arrived (a tuple where several outputs are differentiable), ``out`` or an output's name, an input, a
        parameter, or ``<input>_shape`` and ``<input>_dtype``, which keep no data. A tuple of inputs as key is one rule for
        several; it may ask for ``needs`` (which of them want a gradient) and gives a tuple. What a rule returns is summed
        to the input's shape and cast to its type by the walk.
    samples: given a Sampler, the calls that tests make: tuples of arguments, or ``rand.call(*args, **kwargs)``.
    torch: the name below ``torch`` under which PyTorch has the op ("mul", "nn.functional.relu", "Tensor.expand").
    node: the backward node's name; a function of inputs or parameters where it depends on them.
    promote: "common" brings the inputs to their common type, "float" also integers to the default float type, "first"
        brings the others to the first one's type; Python numbers are then allowed in place of tensors. None leaves the
        inputs as they are. apart: inputs (masks) that keep their type whatever the others become.
    view: True where the outputs share the first input's memory; "multiple" where there are several.
    outputs: the outputs' names; ("*",) is a list of unknown length. differentiable: those that carry gradients.
    deterministic: False where two calls differ (dropout). gradcheck: False where finite differences do not apply.
    scalars: inputs, or groups of them, that have no place among the node's edges where they are numbers (all of the group):
        where PyTorch has an overload of its own for numbers.
    form: what transforms may take for granted. "pointwise": each element of the result depends on the elements in its place
        alone (so for ops that promote, unless they say otherwise); "linear": the result is linear in the differentiable
        inputs taken together (so for views); "": neither.
    check: called with the arguments that its parameters name, as they were given, before anything else; raises where
        PyTorch forbids their types.
    halves: "single": 16-bit floats are computed in float32 and rounded once (``halves.py``); "exact numbers": there numbers
        keep float32's precision too, where others are rounded first; "own": the forward gets 16-bit floats as they are. A family
        whose ops all differ from "single" says so once, in a constant ``HALVES``.
    """

    def declare(forward: Callable[..., Any]) -> Callable[..., Any]:
        declared = Op(
            forward,
            vjp or {},
            samples,
            torch,
            node,
            promote,
            view,
            outputs,
            differentiable,
            deterministic,
            gradcheck,
            check,
            apart,
            scalars,
            halves,
            form,
        )
        assert declared.name not in OPS, f"two ops are called {declared.name}"
        OPS[declared.name] = declared
        if dtypes.HALVES:
            declared.take_halves()
        return declared.function  # type: ignore[no-any-return]

    return declare


def operator(name: str, function: Callable[..., Any], reflected: bool = False) -> Callable[..., Any]:
    """``function`` as the method behind an operator (``__add__``; ``__radd__`` where reflected).

    It gives NotImplemented where the other operand is neither a tensor nor a number, so that Python asks that one.
    """
    declared = getattr(function, "op", None)
    if declared is not None:
        return declared.operator(name, reflected)  # type: ignore[no-any-return]

    def method(self: Tensor, other: Any) -> Any:
        if not isinstance(other, OPERANDS):
            return NotImplemented
        return function(other, self) if reflected else function(self, other)

    method.__name__ = method.__qualname__ = name
    method.__doc__ = function.__doc__
    return method


def _take_halves() -> None:
    for declared in OPS.values():
        declared.take_halves()


dtypes.when_halves(_take_halves)
