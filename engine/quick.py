"""Writes the functions that users call: the short way of an op through the commonest case, and the general way for the rest.

A call is in the commonest case when nothing special is on (``mode.quick``, and nobody records), all operands are tensors of
float32, or all of float64, on the CPU, or the second of two is a Python number. Then nothing is promoted, the forward is called, and the
output and, where a gradient is wanted, its node are made on the spot, every slot assigned by name: no lists, no loops over
inputs. Whatever does not fit, errors among it, is left to ``call`` in ``op.py``, which does it from the beginning.

A function is written when it is first called: a program uses few of the ops.
``source`` gives its text.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import CodeType
from typing import Any

from . import devices
from .autograd import node as _node
from .autograd.grad_mode import mode
from .autograd.node import accumulate_node
from .dtypes import _BY_NUMPY, float32, float64
from .operands import NUMBERS32, NUMBERS64, OPERANDS
from .tape import recorder
from .tensor import Tensor, ViewOf, _new, settle, view_of

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
    ]
)
_NUMPY_NAMES = {"dim": "axis", "keepdim": "keepdims"}
_ERRORS = "(ValueError, TypeError, RuntimeError, IndexError, AttributeError)"  # what makes a forward fail: _call says it in PyTorch's words


def function(
    op: Any, name: str, call: Callable[..., Any], operands: tuple[str, str] | None = None, into: Callable[..., Any] | None = None
) -> Any:
    """The function that users call ``op`` by.

    call: the general way. operands: the names of the two operands, in the order in which they arrive, where the function is the method
    behind an operator; it gives ``NotImplemented`` where the second is no operand, so that Python asks that one. into: where the function
    takes ``out``, what a call with it is handed to, with the other arguments.
    """
    scope: dict[str, Any] = {"_call": call, "_op": op, "_forward": op.forward, "_check": op._check, "OPERANDS": OPERANDS}
    scope |= {"modes": mode, "recorder": recorder, "Tensor": Tensor, "create": _new, "ndarray": devices.CPU.ndarray, "xp": devices.CPU}
    scope |= {"float32": float32.numpy, "float64": float64.numpy, "numbers32": NUMBERS32, "numbers64": NUMBERS64, "graph": _node}
    scope |= {"accumulate_node": accumulate_node, "dtypes": _BY_NUMPY, "_numpy_names": numpy_names, "node_class": _class_of}
    scope |= {
        "_ufunc": getattr(devices.CPU, op.ufunc) if op.ufunc else None,
        "classes": {},
        "classes_of_number": {},
        "classes_0": None,
        "classes_of_number_0": None,
        "record": op.record,
    }
    scope |= {f"_default_{n}": p.default for n, p in op.signature.parameters.items()}
    scope |= {"wide": devices.wide, "wide_ufunc": lambda: getattr(devices.wide(devices.CPU), op.ufunc)}
    scope |= {"ViewOf": ViewOf, "view_of": view_of, "settle": settle}
    scope["_into"] = into
    scope["write"] = lambda: _written(op, name, operands, into is not None)

    exec(_FIRST, scope)
    made = scope["first"]
    scope["itself"] = made
    made.__name__, made.__qualname__ = name, name if operands else op.name
    made.__doc__, made.__module__ = op.doc, op.forward.__module__
    made.op = op
    return made


_FIRST: CodeType = compile(
    """
def first(*args, **kwargs):
    itself.__code__, itself.__defaults__, itself.__kwdefaults__ = write()
    return itself(*args, **kwargs)
""",
    __file__,
    "exec",
)


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
    lines = [
        "    quick, tape, started = modes.quick, recorder.current, 0.0",
        f"    if {' and '.join(conditions)}:",
        "        run, enabled = quick",
    ]
    lines += ["        if tape is not None:", "            if modes.quiet:", "                tape = None"]
    lines += ["            else:", "                started = tape.clock()"]
    takes_number = len(inputs) == 2 and op.promote in ("common", "float")
    if takes_number:
        lines += [f"        if type({inputs[1]}) is float or type({inputs[1]}) is int:"]
        lines += ["    " + line for line in _case(op, number=True)]
        lines += ["        else:"]
        lines += ["    " + line for line in _case(op, number=False)]
    else:
        lines += _case(op, number=False)
    return lines


def _case(op: Any, number: bool) -> list[str]:
    """The lines for tensors, or for a tensor and a number."""
    inputs = op.inputs
    tensors = inputs[:1] if number else inputs
    first = tensors[0]
    arrays = [f"a{i}" for i in range(len(inputs))]
    step = "    "
    lines = ["try:"]
    for i, n in enumerate(tensors):
        lines.append(f"    a{i} = {n}._data")
    lines.append(f"    plain = {' and '.join(f'{n}._base is None' for n in tensors)}")
    lines += ["except AttributeError:", "    a0 = None"]
    lines += ["if type(a0) is ndarray:", "    kind = a0.dtype"]
    if number:
        lines += [
            f"    a1 = numbers32.get({inputs[1]}) if kind is float32 else numbers64.get({inputs[1]}) if kind is float64 else None",
            "    if a1 is not None:",
        ]
    else:
        alike = "".join(f" and {a}.dtype is kind and type({a}) is ndarray" for a in arrays[1:])
        lines.append(f"    if (kind is float32 or kind is float64){alike}:")
    body: list[str] = []
    if op.ufunc:
        body += [
            "try:",
            f"    out = run(_ufunc if a0.size < {devices.LARGE} else wide_ufunc(), {', '.join(arrays)})",
            f"except {_ERRORS}:",
            "    out = None",
        ]
    else:
        passed: list[str] = []
        for p in op.signature.parameters.values():
            value = arrays[inputs.index(p.name)] if p.name in inputs else p.name
            passed.append(f"{p.name}={value}" if p.kind is p.KEYWORD_ONLY else value)
        body += [
            "try:",
            f"    out = run(_forward, xp if a0.size < {devices.LARGE} else wide(xp), {', '.join(passed)})",
            f"except {_ERRORS}:",
            "    out = None",
        ]
    body += ["if type(out) is not ndarray:", "    out = None if out is None else xp.asarray(out)"]
    if op.view:
        body += ["elif out is a0:", "    out = out.view()"]
    elif not op.ufunc:
        body += [f"elif {' or '.join(f'out is {a}' for a in arrays)}:", "    out = out.copy()"]  # a result is no alias
    body += ["if out is not None:"]
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
        made += [f"        settle({n})" for n in tensors]
        if wants:
            made += [f"    if {' or '.join(f'{n}._requires_grad' for n in wants)}:"]
            made += [2 * step + line for line in _node_lines(op, number, wants)]
    made += ["made._edge = None", "made._requires_grad = False", *_told(op, "None"), "return made"]
    return [2 * step + line for line in [*lines, *(2 * step + line for line in [*body, *(step + line for line in made)])]]


def _node_lines(op: Any, number: bool, wants: list[str]) -> list[str]:
    """The lines that make the node of a call."""
    inputs, params = op.inputs, "(" + "".join(f"{n}, " for n in op.params) + ")"
    arguments = "(" + "".join(f"{n}, " for n in inputs) + ")"
    store = "classes_of_number" if number else "classes"
    edge_inputs = op.edge_inputs(tuple(None if number and i else _STAND_IN for i in range(len(inputs))))
    lines: list[str] = []
    if not op.ufunc:
        lines += [
            "if out.dtype is not kind:",
            "    made._edge, made._requires_grad = None, False",
            f"    node = record(_op, {arguments}, {params}, [made])",
            *("    " + line for line in _told(op, "node")),
            "    return made",
        ]
    for n in wants:
        i = edge_inputs.index(n)
        lines += [
            f"edge{i} = {n}._edge",
            f"if edge{i} is None:",
            f"    if {n}._requires_grad:",
            f"        edge{i} = {n}._accumulator",
            f"        if edge{i} is None or (edge{i} := edge{i}()) is None:",
            f"            edge{i} = accumulate_node({n})",
            f"elif {n}._output:",
            f"    edge{i} = (edge{i}, {n}._output)",
        ]
    asked = () if isinstance(op._node, str) else tuple(inspect.signature(op._node).parameters)
    facts = [n for n in asked if n in op.params]
    facts += [f"a{inputs.index(n)}.ndim" for n in asked if n in inputs]
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
        "return made",
    ]
    return lines


def _told(op: Any, node: str) -> list[str]:
    """The lines that tell the tape, where somebody records."""
    arguments = "(" + "".join(f"{n}, " for n in op.inputs) + ")"
    params = "(" + "".join(f"{n}, " for n in op.params) + ")"
    return ["if tape is not None:", f"    tape.op({op.name!r}, {arguments}, (made,), {node}, {params}, started, enabled, _op.params)"]


def _keep_lines(op: Any, name: str, number: bool) -> list[str]:
    """The lines that put what backward asks for by ``name`` into the node."""
    if name == "out" or name in op.outputs:
        return [f"node.kept_{name} = out", f"node.version_{name} = None"]
    if name in op.inputs:
        if number and name == op.inputs[1]:
            return [f"node.kept_{name} = {name}", f"node.version_{name} = a1"]
        return [
            f"if {name}._edge is None and {name}._inference:",
            f"    record(_op, ({', '.join(op.inputs)},), ({''.join(f'{n}, ' for n in op.params)}), [made])",  # raises
            f"node.kept_{name} = {name}",
            f"cell = {name}._cell",
            f"node.version_{name} = 0 if cell is None else cell.version",
        ]
    source, _, fact = name.rpartition("_")
    i = op.inputs.index(source)
    if fact == "dtype":
        return [f"node.kept_{name} = dtypes[kind]"]
    return [f"node.kept_{name} = ()" if number and i else f"node.kept_{name} = a{i}.{fact}"]


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
