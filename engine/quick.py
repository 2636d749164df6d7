"""Writes the functions that users call: the short way of an op through the commonest case, and the general way for the rest.

A call is in the commonest case when nothing special is on (``mode.quick``), and all operands are tensors of float32, or all of
float64, on the CPU; the last may be a Python number, those that may be missing None, and those that are no part of the graph (masks,
classes) of any type that is not half precision. Then nothing is promoted, the forward is called, and the outputs and, where a gradient is
wanted, their node are made on the spot, every slot assigned by name: no lists, no loops over inputs. Whatever does not fit, errors
among it, is left to ``call`` in ``op.py``, which does it from the beginning.

A function is written when it is first called: a program uses few of the ops.
``source`` gives its text.
"""

from __future__ import annotations

import builtins
import inspect
from collections.abc import Callable
from types import CodeType, FunctionType
from typing import Any

from . import devices
from .autograd import node as _node
from .autograd.grad_mode import mode
from .autograd.node import accumulate_node
from .dtypes import _BY_NUMPY, float32, float64
from .operands import NUMBERS32, NUMBERS64, OPERANDS, number_for
from .tape import recorder
from .tensor import Tensor, ViewOf, _new, settle, view_of, wrap

_OWN = frozenset(  # names that the text below uses itself
    [
        "modes",
        "recorder",
        "create",
        "xp",
        "graph",
        "record",
        "settle",
        "itself",
        "quick",
        "run",
        "enabled",
        "plain",
        "kind",
        "made",
        "node",
        "tape",
        "started",
        "several",
        "cell",
        "view",
    ]
)
_NUMPY_NAMES = {"dim": "axis", "keepdim": "keepdims"}
# what makes a forward fail: _call says it in PyTorch's words
_ERRORS = "(ValueError, TypeError, RuntimeError, IndexError, AttributeError, MemoryError)"


_SCOPE: dict[str, Any] = {  # what the text below finds beside the op's own
    "OPERANDS": OPERANDS, "modes": mode, "recorder": recorder, "Tensor": Tensor, "create": _new, "ndarray": devices.CPU.ndarray,
    "xp": devices.CPU, "float32": float32.numpy, "float64": float64.numpy, "numbers32": NUMBERS32, "numbers64": NUMBERS64,
    "graph": _node, "accumulate_node": accumulate_node, "dtypes": _BY_NUMPY, "wide": devices.wide, "ViewOf": ViewOf,
    "view_of": view_of, "settle": settle, "wrap": wrap, "number_for": number_for,
}  # fmt: skip


def function(
    op: Any, name: str, call: Callable[..., Any], operands: tuple[str, str] | None = None, into: Callable[..., Any] | None = None
) -> Any:
    """The function that users call ``op`` by.

    call: the general way. operands: the names of the two operands, in the order in which they arrive, where the function is the method
    behind an operator; it gives ``NotImplemented`` where the second is no operand, so that Python asks that one. into: where the function
    takes ``out``, what a call with it is handed to, with the other arguments.
    """
    scope: dict[str, Any] = {}

    def write() -> tuple[CodeType, Any, Any]:
        scope.update(_SCOPE)
        scope.update(_numpy_names=numpy_names, node_class=_class_of)
        scope.update(_call=call, _op=op, _forward=op.forward, _check=op._check, _into=into, record=op.record)
        scope.update(classes={}, classes_of_number={}, classes_0=None, classes_of_number_0=None)
        scope["_ufunc"] = getattr(devices.CPU, op.ufunc) if op.ufunc else None
        scope["wide_ufunc"] = lambda: getattr(devices.wide(devices.CPU), op.ufunc)
        scope.update({f"_default_{n}": p.default for n, p in op.signature.parameters.items()})
        return _written(op, name, operands, into is not None)

    made = later(name, scope, write)
    made.__qualname__ = name if operands else op.name
    made.__doc__, made.__module__ = op.forward.__doc__, op.forward.__module__
    made.op = op
    return made


def later(name: str, scope: dict[str, Any], write: Callable[[], tuple[CodeType, Any, Any]]) -> Any:
    """A function with the globals ``scope`` whose code, defaults and keyword defaults ``write`` gives when it is first called."""
    made = FunctionType(_FIRST, scope, name)
    scope["itself"], scope["write"], scope["__builtins__"] = made, write, builtins
    return made


def _first(*args: Any, **kwargs: Any) -> Any:
    """What stands in for a function until it is called; the names are those of ``later``'s scope."""
    itself.__code__, itself.__defaults__, itself.__kwdefaults__ = write()  # type: ignore[name-defined]  # noqa: F821
    return itself(*args, **kwargs)  # type: ignore[name-defined]  # noqa: F821


_FIRST: CodeType = _first.__code__


def _written(op: Any, name: str, operands: tuple[str, str] | None, takes_out: bool) -> tuple[CodeType, Any, Any]:
    """Code, defaults and keyword defaults of the function."""
    scope: dict[str, Any] = {f"_default_{n}": p.default for n, p in op.signature.parameters.items()}
    text = source(op, name, operands, takes_out)
    exec(compile(text, f"{__file__} ({name})", "exec"), scope)  # counts as a file of the engine: not the user's frame
    made = scope[name]
    return made.__code__, made.__defaults__, made.__kwdefaults__


def source(op: Any, name: str, operands: tuple[str, str] | None = None, takes_out: bool = False) -> str:
    """The text of the function."""
    parameters = list(op.signature.parameters.values())
    heads: list[str] = []
    if operands:
        first = {n: i for i, n in enumerate(operands)}
        parameters.sort(key=lambda p: first.get(p.name, 2))
        heads = [p.name if p.name in operands else f"{p.name}=_default_{p.name}" for p in parameters]
    else:
        for p in parameters:
            if p.kind is p.KEYWORD_ONLY and "*" not in heads:
                heads.append("*")
            heads.append(p.name if p.default is p.empty else f"{p.name}=_default_{p.name}")
    if takes_out:
        heads += ["out=None"] if "*" in heads else ["*", "out=None"]
    lines = []
    spelled = [] if operands else [n for n in _NUMPY_NAMES if n in op.params]
    if spelled:
        heads.append("**spelled")
        lines.append("    if spelled:")
        lines.append(f"        {', '.join(spelled)}, = _numpy_names({op.name!r}, spelled, {{{', '.join(f'{n!r}: {n}' for n in spelled)}}})")
    if takes_out:
        args = "".join(f"{p.name}, " for p in parameters if p.kind is not p.KEYWORD_ONLY)
        kwargs = "".join(f"{p.name!r}: {p.name}, " for p in parameters if p.kind is p.KEYWORD_ONLY)
        lines += ["    if out is not None:", f"        return _into(out, ({args}), {{{kwargs}}})"]
    inputs = "".join(f"*{n}, " if op.tail and n == op.inputs[-1] else f"{n}, " for n in op.inputs)
    arguments = f"tuple({op.inputs[0]})" if op.variadic else f"({inputs})"
    params = "(" + "".join(f"{n}, " for n in op.params) + ")"
    check = [f"    _check({', '.join(inspect.signature(op._check).parameters)})"] if op._check is not None else []
    refuse: list[str] = []
    if operands:
        refuse = [
            f"    if type({operands[1]}) is not Tensor and not isinstance({operands[1]}, OPERANDS):",
            "        return NotImplemented",
        ]
    if not op.ufunc:
        lines += refuse + check
        check = refuse = []
    if op.is_plain:
        taken = _OWN.intersection(op.signature.parameters)
        assert not taken, f"op {op.name}: parameters {sorted(taken)} have names that the short way uses itself"
        lines += _short(op)
    lines += [*refuse, *check, f"    return _call(_op, {arguments}, {params})"]
    return f"def {name}({', '.join(heads)}):\n" + "\n".join(lines) + "\n"


# ------------------------------------------------------------------------------------------------------- the short way


def _short(op: Any) -> list[str]:
    """The lines of the short way; where they do not return, the general way follows."""
    inputs = op.inputs
    conditions = ["quick is not None"]
    if op.ufunc:  # the forward is one function of the array module, where the params are what they are by default
        conditions += [f"{n} is _default_{n}" for n in op.params]
    elif "device" in op.params:  # a move
        conditions += ["device is None"]
    lines = [
        "    quick, tape, started = modes.quick, recorder.current, 0.0",
        f"    if {' and '.join(conditions)}:",
        "        run, enabled = quick",
    ]
    lines += ["        if tape is not None:", "            if modes.quiet:", "                tape = None"]
    lines += ["            else:", "                started = tape.clock()"]
    takes_number = len(inputs) > 1 and op.promote is not None and len(inputs) - 1 not in op.apart and inputs[-1] not in op.optional
    if takes_number:
        lines += [f"        if type({inputs[-1]}) is float or type({inputs[-1]}) is int:"]
        lines += ["    " + line for line in _case(op, number=True)]
        lines += ["        else:"]
        lines += ["    " + line for line in _case(op, number=False)]
    else:
        lines += _case(op, number=False)
    return lines


def _case(op: Any, number: bool) -> list[str]:
    """The lines for tensors, or for tensors and a number as the last operand."""
    inputs = op.inputs
    tensors = inputs[:-1] if number else inputs
    first = tensors[0]
    arrays = [f"a{i}" for i in range(len(inputs))]
    leading = next((i for i, n in enumerate(tensors) if n in op.differentiable_inputs and n not in op.optional), 0)  # whose type counts
    step = "    "
    lines = ["try:"]
    for i, n in enumerate(tensors):
        lines.append(f"    a{i} = {f'None if {n} is None else ' if n in op.optional else ''}{n}._data")
    lines.append(f"    plain = {' and '.join(_or_none(op, n, f'{n}._base is None') for n in tensors)}")
    lines += ["except AttributeError:", "    a0 = None"]
    lines += ["if type(a0) is ndarray:", f"    kind = a{leading}.dtype"]
    alike = "".join(f" and {_fits(op, n, i)}" for i, n in enumerate(tensors) if i != leading)
    if leading:
        alike += f" and type(a{leading}) is ndarray"
    if number:
        last = arrays[-1]
        lines += [
            f"    {last} = numbers32.get({inputs[-1]}) if kind is float32 else numbers64.get({inputs[-1]}) if kind is float64 else None",
            f"    if {last} is None and (kind is float32 or kind is float64):",
            f"        {last} = number_for({inputs[-1]}, kind)",
            f"    if {last} is not None{alike}:",
        ]
    else:
        lines.append(f"    if (kind is float32 or kind is float64){alike}:")
    if op.ufunc:
        called = f"run(_ufunc if a0.size < {devices.LARGE} else wide_ufunc(), {', '.join(arrays)})"
    else:
        passed: list[str] = []
        for p in op.signature.parameters.values():
            value = arrays[inputs.index(p.name)] if p.name in inputs else p.name
            passed.append(f"{p.name}={value}" if p.kind is p.KEYWORD_ONLY else value)
        called = f"run(_forward, xp if a0.size < {devices.LARGE} else wide(xp), {', '.join(passed)})"
    outs = _outs(op)
    body = ["try:", f"    {', '.join(outs)} = {called}", f"except {_ERRORS}:", "    out = None"]
    body += [*_array(op, "out", arrays), "if out is not None:"]
    for out, m in zip(outs[1:], _made(op)[1:], strict=True):
        body += [step + line for line in [*_array(op, out, arrays), f"{m} = wrap({out})"]]
    made = ["made = create(Tensor)", "made._data = out", "made._output = 0", "made._id = 0"]
    if op.view:
        made += [
            "if out.base is None:",
            "    made._base = made._cell = None",
            "else:",
            f"    made._base = {first} if {first}._base is None else {first}._base",
            f"    made._cell = cell = {first}._storage",
            f"    if {first}._view is None:",
            "        made._view = view = create(ViewOf)",
            f"        view.op, view.version, view.no_grad = {op.name!r}, cell.version, not enabled",
            "        view.multiple = view.custom = False",
            "    else:",
            f"        made._view = view_of({first}, {op.name!r}, False)",
            f"    if {first}._inference:",
            "        made._inference = True",
        ]
    else:
        made += ["made._base = None", "made._cell = None"]
    if op.differentiable_inputs:
        wants = [n for n in tensors if n in op.differentiable_inputs]
        made += ["if enabled:"]
        made += ["    if not plain:"]
        made += [f"        {f'if {n} is not None: ' if n in op.optional else ''}settle({n})" for n in tensors]
        if wants:
            wanted = [f"({n} is not None and {n}._requires_grad)" if n in op.optional else f"{n}._requires_grad" for n in wants]
            made += [f"    if {' or '.join(wanted)}:"]
            made += [2 * step + line for line in _node_lines(op, number, wants)]
    made += ["made._edge = None", "made._requires_grad = False", *_told(op, "None"), f"return {', '.join(_made(op))}"]
    return [2 * step + line for line in [*lines, *(2 * step + line for line in [*body, *(step + line for line in made)])]]


def _array(op: Any, out: str, arrays: list[str]) -> list[str]:
    """The lines that make what the forward gave an array that is no operand's own; the first may be None."""
    lines = [f"if type({out}) is not ndarray:", f"    {out} = {'None if out is None else ' if out == 'out' else ''}xp.asarray({out})"]
    if op.view:
        lines += [f"elif {out} is a0:", f"    {out} = {out}.view()"]
    elif not op.ufunc:
        lines += [f"elif {' or '.join(f'{out} is {a}' for a in arrays)}:", f"    {out} = {out}.copy()"]  # a result is no alias
    return lines


def _or_none(op: Any, name: str, condition: str) -> str:
    return f"({name} is None or {condition})" if name in op.optional else condition


def _fits(op: Any, name: str, number: int) -> str:
    """The condition that the array of an operand is as the short way takes it."""
    array = f"a{number}"
    free = number in op.apart or (op.promote is None and name not in op.differentiable_inputs)
    kind = f"({array}.dtype is kind or {array}.dtype.kind in 'biu')" if free else f"{array}.dtype is kind"
    fits = f"type({array}) is ndarray and {kind}"
    return f"({array} is None or {fits})" if name in op.optional else fits


def _outs(op: Any) -> list[str]:
    """The arrays that the forward gives, by name."""
    return ["out", *(f"out{i}" for i in range(1, len(op.outputs)))]


def _made(op: Any) -> list[str]:
    """The tensors that are made of them."""
    return ["made", *(f"made{i}" for i in range(1, len(op.outputs)))]


def _node_lines(op: Any, number: bool, wants: list[str]) -> list[str]:
    """The lines that make the node of a call."""
    inputs, params = op.inputs, "(" + "".join(f"{n}, " for n in op.params) + ")"
    arguments = "(" + "".join(f"{n}, " for n in inputs) + ")"
    store = "classes_of_number" if number else "classes"
    last = len(inputs) - 1
    edge_inputs = op.edge_inputs(tuple(None if number and i == last else _STAND_IN for i in range(len(inputs))))
    results = ", ".join(_made(op))
    lines: list[str] = []
    if not op.ufunc:
        lines += [
            "if out.dtype is not kind:",
            "    made._edge, made._requires_grad = None, False",
            f"    node = record(_op, {arguments}, {params}, [{results}])",
            *("    " + line for line in _told(op, "node")),
            f"    return {results}",
        ]
    for n in wants:
        i = edge_inputs.index(n)
        lines += [
            f"edge{i} = {f'None if {n} is None else ' if n in op.optional else ''}{n}._edge",
            f"if edge{i} is None:",
            f"    if {f'{n} is not None and ' if n in op.optional else ''}{n}._requires_grad:",
            f"        edge{i} = {n}._accumulator",
            f"        if edge{i} is None or (edge{i} := edge{i}()) is None:",
            f"            edge{i} = accumulate_node({n})",
            f"elif {n}._output:",
            f"    edge{i} = (edge{i}, {n}._output)",
        ]
    asked = () if isinstance(op._node, str) else tuple(inspect.signature(op._node).parameters)
    facts = [n for n in asked if n in op.params]
    for n in asked:
        if n in inputs:
            array = f"a{inputs.index(n)}"
            facts.append(f"None if {array} is None else {array}.ndim" if n in op.optional else f"{array}.ndim")
    if facts:  # the name of the node depends on them
        key = f"({', '.join(facts)},)"
        lines += ["try:", f"    node = {store}[{key}]()", "except (KeyError, TypeError):"]
        lines += [f"    node = node_class(_op, {arguments}, {params}, {store}, {key})()"]
    else:
        lines += [
            f"node = {store}_0() if {store}_0 is not None else node_class(_op, {arguments}, {params}, itself.__globals__, '{store}_0')()"
        ]
    for i, n in enumerate(edge_inputs):
        lines.append(f"node.edge{i} = {f'edge{i}' if n in wants else 'None'}")
    lines += ["node.sequence = graph.next_sequence()", "node.hooks = None", "node.id = 0", "node.shape = out.shape", "node.element = kind"]
    if op.params:
        lines.append(f"node.params = {params}")
    for name in op.names:
        kept = _keep_lines(op, name, number)
        asking = [
            i
            for i, n in enumerate(edge_inputs)
            if n in wants and any(name in op.needs[k] for k in op.needs if n == k or (type(k) is tuple and n in k))
        ]
        if not asking:
            continue
        if len(asking) == len([n for n in edge_inputs if n in wants]):
            lines += kept
        else:
            lines.append(f"if {' or '.join(f'edge{i} is not None' for i in asking)}:")
            lines += ["    " + line for line in kept]
    lines += [
        "if graph.remember is not None:",
        "    graph.remember(node)",
        "made._edge = node",
        "made._requires_grad = True",
        *_told(op, "node"),
        f"return {results}",
    ]
    return lines


def _told(op: Any, node: str) -> list[str]:
    """The lines that tell the tape, where somebody records."""
    arguments = "(" + "".join(f"{n}, " for n in op.inputs) + ")"
    params, made = "(" + "".join(f"{n}, " for n in op.params) + ")", "(" + "".join(f"{m}, " for m in _made(op)) + ")"
    return ["if tape is not None:", f"    tape.op({op.name!r}, {arguments}, {made}, {node}, {params}, started, enabled, _op.params)"]


def _keep_lines(op: Any, name: str, number: bool) -> list[str]:
    """The lines that put what backward asks for by ``name`` into the node."""
    if name == "out":
        return ["node.kept_out = out", "node.version_out = None"]
    if name in op.outputs:  # no part of the graph
        return [f"node.kept_{name} = made{op.outputs.index(name)}", f"node.version_{name} = 0"]
    if name in op.inputs:
        if number and name == op.inputs[-1]:
            return [f"node.kept_{name} = {name}", f"node.version_{name} = a{len(op.inputs) - 1}"]
        lines = [
            f"if {name}._edge is None and {name}._inference:",
            f"    record(_op, ({', '.join(op.inputs)},), ({''.join(f'{n}, ' for n in op.params)}), [{', '.join(_made(op))}])",  # raises
            f"node.kept_{name} = {name}",
            f"cell = {name}._cell",
            f"node.version_{name} = 0 if cell is None else cell.version",
        ]
        if name in op.optional:
            return [
                f"if {name} is None:",
                f"    node.kept_{name} = node.version_{name} = None",
                "else:",
                *("    " + line for line in lines),
            ]
        return lines
    source, _, fact = name.rpartition("_")
    i = op.inputs.index(source)
    if number and i == len(op.inputs) - 1:
        return [f"node.kept_{name} = {'dtypes[kind]' if fact == 'dtype' else '()'}"]
    value = f"dtypes[a{i}.dtype]" if fact == "dtype" else f"a{i}.{fact}"
    return [f"node.kept_{name} = {f'() if a{i} is None else ' if source in op.optional else ''}{value}"]


_STAND_IN = _new(Tensor)  # where it matters only whether something is a tensor


def _class_of(op: Any, args: tuple[Any, ...], params: tuple[Any, ...], classes: dict[Any, Any], key: Any) -> Any:
    """The class of the node of a call, remembered under ``key`` where that can be."""
    found = op.node_class(op.node_name(args, params), op.edge_inputs(args))
    try:
        classes[key] = found
    except TypeError:  # a list among the params
        return found
    return found


def numpy_names(function: str, spelled: dict[str, Any], known: dict[str, Any]) -> tuple[Any, ...]:
    """``known`` with the values that the caller gave under numpy's names, as PyTorch allows.

    Raises TypeError for names that the function does not know.
    """
    values = []
    for name, value in known.items():
        values.append(spelled.pop(_NUMPY_NAMES[name], value))
    if spelled:
        raise TypeError(f"{function}() got an unexpected keyword argument '{next(iter(spelled))}'")
    return tuple(values)
