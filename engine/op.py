"""The declaration of an op: forward, backward rules, name, doc and samples in one place, and what runs when it is called.

``@op`` above a forward function makes a differentiable function of the same signature (less ``xp``). The annotations of
the forward say what is what: ``Array`` is a tensor, ``Array | None`` one that may be missing, ``Sequence[Array]`` (first
parameter, or last of the inputs and without gradients) a list of tensors, everything else is a parameter.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from . import devices, dtypes, quick, shortage
from .autograd.grad_mode import mode
from .autograd.node import Edge
from .autograd.saved import SavedTensor
from .halves import in_single
from .kernels import preparing
from .nodes import OpNode, Rule, make_class, make_node
from .operands import OPERANDS, not_broadcast, not_tensors, one_device, prepared
from .samples import Sampler
from .tape import recorder
from .tensor import _DTYPES, Tensor, view_of, wrap

Array = Any  # an array of numpy, cupy or whichever module the device computes with

OPS: dict[str, Op] = {}
_ndarray: Any = devices.CPU.ndarray
_STARS = inspect.CO_VARARGS | inspect.CO_VARKEYWORDS


def names_of(function: Callable[..., Any]) -> tuple[str, ...]:
    """The names of a function's parameters, off its code where that says them: hundreds of signatures would take a tenth of a second."""
    code = getattr(function, "__code__", None)
    if code is None or hasattr(function, "__wrapped__") or hasattr(function, "__signature__") or code.co_flags & _STARS:
        return tuple(inspect.signature(function).parameters)
    names: tuple[str, ...] = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return names


def _annotations(function: Callable[..., Any]) -> Mapping[str, Any]:
    if hasattr(function, "__signature__"):
        return {n: p.annotation for n, p in inspect.signature(function).parameters.items()}
    return function.__annotations__


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
        ufunc: str = "",
        on_arrays: Mapping[str, Rule] | None = None,
    ) -> None:
        self.name = forward.__name__.rstrip("_") if not forward.__name__.startswith("_") else forward.__name__
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

        annotations = _annotations(forward)
        kinds = {n: str(annotations.get(n, "")).replace(" ", "") for n in names_of(forward)[1:]}
        self.variadic = bool(kinds) and next(iter(kinds.values())).startswith("Sequence[Array")
        self.inputs = tuple(n for n, kind in kinds.items() if kind.startswith(("Array", "Sequence[Array")))
        self.tail = bool(self.inputs) and not self.variadic and kinds[self.inputs[-1]].startswith("Sequence[Array")
        self.apart = frozenset(self.inputs.index(n) for n in self._apart)
        self.optional = frozenset(n for n, kind in kinds.items() if kind == "Array|None")
        self.params = tuple(n for n in kinds if n not in self.inputs)
        self.variadic_outputs = outputs == ("*",)
        self.outputs = outputs
        self.gradient_outputs = tuple(range(len(outputs))) if differentiable is None else tuple(outputs.index(n) for n in differentiable)

        self.joint: dict[tuple[str, ...], Rule] = {k: r for k, r in vjp.items() if isinstance(k, tuple)}
        self.rules: dict[str, Rule] = {k: r for k, r in vjp.items() if isinstance(k, str)}
        self.needs = {k: names_of(r) for k, r in vjp.items()}
        self.differentiable_inputs = tuple(n for n in self.inputs if n in self.rules or any(n in k for k in self.joint))
        known = {"g", "needs", *outputs, "out", *self.inputs, *self.params}
        known |= {f"{n}_{fact}" for n in self.inputs for fact in ("shape", "dtype", "strides")}
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
        self.ufunc = ufunc
        self.quick = {n: (rule, rule.__code__.co_varnames[: rule.__code__.co_argcount]) for n, rule in (on_arrays or {}).items()}
        asked = dict.fromkeys(n for names in self.needs.values() for n in names)
        self.names = tuple(sorted((n for n in asked if n not in ("g", "needs") and n not in self.params), key=self._kept_at))
        self.is_plain = deterministic and self._is_plain()
        self.is_list = self.variadic and len(self.inputs) == 1 and outputs == ("out",) and self.inputs[0] in self.quick
        self.record = record
        self._in_single: tuple[bool, int | None] | None = None
        self.function = quick.function(self, self.name, call)

    def __repr__(self) -> str:
        return f"<op {self.name}>"

    def _form(self) -> str:
        if self.view and len(self.inputs) == 1:
            return "linear"
        apart = self.variadic or self.tail or len(self.outputs) != 1 or {"dim", "reduction", "p"} & set(self.params)
        return "pointwise" if self.promote in ("common", "float") and not apart else ""

    def _is_plain(self) -> bool:
        """Whether tensors in places of their own, of which some may be missing, give a fixed number of results, of which at most the
        first is a part of the graph: what the short way (``quick.py``) and its nodes are made for."""
        if self.variadic or self.tail or self.multiple_views or not self.inputs or self.variadic_outputs or self.inputs[0] in self.optional:
            return False
        if any(n in self.optional for group in self._scalars for n in group):
            return False
        return self.outputs == ("out",) or not self.differentiable_inputs or (self.outputs[0] == "out" and self.gradient_outputs == (0,))

    @functools.cached_property
    def doc(self) -> str:
        """The forward's docstring."""
        return inspect.getdoc(self.forward) or ""

    @functools.cached_property
    def signature(self) -> inspect.Signature:
        """The forward's, less ``xp``: of the function that users call."""
        signature = inspect.signature(self.forward)
        return signature.replace(parameters=list(signature.parameters.values())[1:])

    @functools.cached_property
    def compute(self) -> Any:
        """A function of (xp, arrays, params) that calls the forward, written out as source so that calling is quick."""
        parts: list[str] = []
        for p in self.signature.parameters.values():
            if p.name in self.inputs:
                number = self.inputs.index(p.name)
                rest = self.tail and number == len(self.inputs) - 1
                value = "arrays" if self.variadic else f"arrays[{number}{':' if rest else ''}]"
            else:
                value = f"params[{self.params.index(p.name)}]"
            parts.append(f"{p.name}={value}" if p.kind is p.KEYWORD_ONLY else value)
        scope: dict[str, Any] = {"_forward": self.forward}
        body = f"def compute(xp, arrays, params):\n    return _forward(xp, {', '.join(parts)})\n"
        exec(compile(body, f"{__file__} ({self.name})", "exec"), scope)  # counts as a file of the engine: not the user's frame
        return scope["compute"] if self._in_single is None else in_single(scope["compute"], *self._in_single)

    def take_halves(self) -> None:
        """From now on be ready for 16-bit floats."""
        if not self.view and self._halves != "own":
            at = self.params.index("dtype") if "dtype" in self.params else None
            self._in_single = (self.promote is not None, at)
            self.__dict__.pop("compute", None)

    def operator(self, name: str, reflected: bool) -> Any:
        """The op as an operator of two operands: ``NotImplemented`` where the other is no operand, so that Python asks it."""
        first, second = names_of(self.forward)[1:3]
        return quick.function(self, name, call, (second, first) if reflected else (first, second))

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
            found = self._node_classes[name, edge_inputs] = make_class(self, name, edge_inputs)
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
            found = self._plans[wanted] = tuple(n for n in self.names if n in needs)
        return found

    def _kept_at(self, name: str) -> tuple[bool, str]:
        """The place of what is kept: as in PyTorch inputs by name, of which the first is called self, and then outputs."""
        return name == "out" or name in self.outputs, "self" if name == "input" else name


# -------------------------------------------------------------------------------------------------------------- calling


def _outside(*_: Any) -> Any:
    raise AssertionError("transforms are entered by autograd/levels.py, which sets what happens in them")


special: Callable[[Op, tuple[Any, ...], tuple[Any, ...]], Any] = _outside  # a call while ``mode.transforms``


def call(op: Op, args: tuple[Any, ...], params: tuple[Any, ...]) -> Any:
    """Run the op, or hand it to the transforms that this thread is inside of.

    Raises OutOfMemoryError where there is no room for what it makes.
    """
    try:
        if mode.timer is not None:
            return mode.timer(op, args, params, special if mode.transforms else run)
        return special(op, args, params) if mode.transforms else run(op, args, params)
    except MemoryError as error:
        raise shortage.named(error, *args) from error


def _took_off(seconds: float) -> None:
    if recorder.current is not None:
        recorder.current.lose(seconds)


preparing.took.append(_took_off)


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
    if xp.count > 1:
        one_device(args)
    try:
        if xp is devices.CPU:
            made = devices.quietly(op.compute, xp if first._data.size < devices.LARGE else devices.wide(xp), arrays, params)
        else:
            made = devices.quietly(xp.run, op.compute, arrays, params)
            if tape is not None:  # else it would be recorded how long it took to ask the device
                xp.synchronize(None)
    except ValueError as error:
        raise not_broadcast(op, arrays) or error from None

    several = type(made) is tuple or type(made) is list
    outs: list[Tensor] = []
    for array in made if several else (made,):
        if type(array) is not xp.ndarray and not devices.is_array(array):  # a move gives an array of another device
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
                    array = devices.copied(array)
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
    described = outs[:1] if op.gradient_outputs == (0,) and not op.variadic_outputs else outs  # as in PyTorch
    slots = tuple(out._slot() if i in tied else None for i, out in enumerate(described))
    node: OpNode = make_node(op.node_class(op.node_name(args, params), names), edges, params, slots)
    for i in tied:
        out = outs[i]
        out._edge = node
        out._output = i
        out._requires_grad = True
    for name in op.plan(tuple(wanted)):
        setattr(node, f"kept_{name}", _keep(op, name, args, outs))
    if op.is_list:
        data = outs[0]._data
        if data.dtype.char in "fd" and all(type(t._data) is type(data) is _ndarray and t._data.dtype is data.dtype for t in args):
            node.shape, node.element = data.shape, data.dtype  # backward may go by arrays
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
    source, _, fact = name.rpartition("_")
    t = args[op.inputs.index(source)]
    if fact == "dtype":
        return t.dtype if isinstance(t, Tensor) else dtypes.of_number(t)
    return getattr(t._data, fact) if isinstance(t, Tensor) else ()


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
    ufunc: str = "",
    on_arrays: Mapping[str, Rule] | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare the op whose forward is the decorated function; gives the function that users call.

    vjp: for each differentiable input its rule, written in ops. A rule's parameter names say what backward keeps: ``g`` the
        gradient that arrived (a tuple where several outputs are differentiable), ``out`` or an output's name, an input, a
        parameter, or ``<input>_shape``, ``<input>_strides`` (in bytes) and ``<input>_dtype``, which keep no data. A tuple of
        inputs as key is one rule for several; it may ask for ``needs`` (which of them want a gradient) and gives a tuple. What
        a rule returns is summed to the input's shape and cast to its type by the walk.
    samples: given a Sampler, the calls that tests make: tuples of arguments, or ``rand.call(*args, **kwargs)``.
    torch: the name below ``torch`` under which PyTorch has the op ("mul", "nn.functional.relu", "Tensor.expand").
    node: the backward node's name; a function of inputs or parameters where it depends on them (of an input only on whether it
        is a tensor and how many dimensions it has).
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
    ufunc: the array module's function that the forward is for floats, where all parameters have their defaults; no check is
        made then. on_arrays: the same rules as ``vjp``'s for arrays, all float32 or all float64 on the CPU, bit by bit, with
        ``xp`` among the names that they may ask for: backward passes that nobody records or differentiates take them.
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
            ufunc,
            on_arrays,
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
