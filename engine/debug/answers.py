"""Questions about values, answered by the thread that stands still: slices, statistics, histograms, gradients, expressions.

Nothing here is recorded and nothing takes part in autograd. Values are copied to the CPU slice by slice, as a window asks
for them, never whole.
"""

from __future__ import annotations

import math
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from typing import Any

from ..tape.schema import NodeKind
from .control import Stop, Unanswerable
from .evaluate import evaluate, shown
from .frames import place
from .protocol import RAW_CAP

BINS_CAP = 4096
LEAVES_CAP = 10_000

Body = tuple[dict[str, Any], bytes]


def answer(command: str, arguments: Mapping[str, Any], stop: Stop) -> Body:
    """The body and the raw bytes of the answer. Raises Unanswerable."""
    if command == "edit":
        return _edit(arguments, stop)
    question = _QUESTIONS.get(command)
    if question is None:
        raise Unanswerable(f"no question is called {command!r}")
    with stop.target.aside():
        return question(arguments, stop)


def _value(arguments: Mapping[str, Any], stop: Stop) -> Body:
    """``index``: an int, ``[start, stop, step]`` or null (all) a dimension, from the first; missing ones are whole. With ``about``
    no numbers come, only what the tensor is, and whether the program can answer ``reduce``, ``figures`` and ``spread``. With ``find``
    come truth values instead: which elements are what is looked for."""
    tensor = _asked(arguments, stop)
    about = stop.target.about(tensor)
    if arguments.get("about"):
        return {**about, "reduces": find_spec("numpy") is not None}, b""
    try:
        index = _index(arguments.get("index", ()), tuple(about["shape"]))
        if "find" in arguments:
            return _hits(tensor, about, index, arguments, stop)
        shape, data = stop.target.part(tensor, index, RAW_CAP)
    except ValueError as error:
        raise Unanswerable(str(error)) from None
    return {**about, "slice_shape": list(shape)}, data


def _hits(tensor: Any, about: dict[str, Any], index: tuple[int | slice, ...], arguments: Mapping[str, Any], stop: Stop) -> Body:
    if (size := _size(index, about["shape"])) > RAW_CAP:
        raise Unanswerable(f"{size} elements are too many at once: ask for at most {RAW_CAP}")
    found = _planes().hits(stop.target.array(tensor, index), arguments)
    return {**about, "dtype": "bool", "slice_shape": list(found.shape)}, found.tobytes()


def _planes() -> Any:
    """What numpy answers. Raises Unanswerable where the program has none."""
    try:
        from . import planes  # it needs numpy, which the interpreter of the script may not have
    except ModuleNotFoundError as error:
        raise Unanswerable(f"this program's Python has no {error.name}: of a value only slices and its statistics can be shown") from None
    return planes


def _reduce(arguments: Mapping[str, Any], stop: Stop) -> Body:
    """A region of a plane made smaller (``planes.reduced``)."""
    tensor = _asked(arguments, stop)
    about = stop.target.about(tensor)
    try:
        blocks, raw = _planes().reduced(lambda index: stop.target.array(tensor, index), tuple(about["shape"]), arguments)
    except ValueError as error:
        raise Unanswerable(str(error)) from None
    return {**about, "blocks": blocks}, raw


def _figures_of_part(arguments: Mapping[str, Any], stop: Stop) -> Body:
    """Exact figures of the part at ``index``; with ``low`` and ``high`` how many are below and above. With ``find`` instead how many
    are what is looked for, with ``ends`` the smallest and the largest finite number of that part of complex ones ("": the modulus)."""
    tensor = _asked(arguments, stop)
    about = stop.target.about(tensor)
    planes, index = _planes(), _index(arguments.get("index", ()), tuple(about["shape"]))
    if (size := _size(index, about["shape"])) > planes.PIECE_CAP:
        raise Unanswerable(f"{size} elements are too many at once: ask for at most {planes.PIECE_CAP}")
    found = stop.target.array(tensor, index)
    if "ends" in arguments:
        return {**about, "ends": planes.ends(found, str(arguments["ends"]))}, b""
    if "find" in arguments:
        try:
            return {**about, "hits": int(planes.hits(found, arguments).sum())}, b""
        except ValueError as error:
            raise Unanswerable(str(error)) from None
    body = {name: _plain(number) for name, number in planes.figures(found).items()}
    if "low" in arguments and "high" in arguments:
        body["below"], body["above"] = planes.outside(found, float(arguments["low"]), float(arguments["high"]))
    return {**about, "figures": body}, b""


def _spread(arguments: Mapping[str, Any], stop: Stop) -> Body:
    """Counts of the finite elements at ``index`` in ``bins`` bins from ``low`` to ``high``, as int64 in the raw bytes; of complex ones
    by their ``part``, "abs" unless another is named."""
    tensor = _asked(arguments, stop)
    about = stop.target.about(tensor)
    planes, index, bins = _planes(), _index(arguments.get("index", ()), tuple(about["shape"])), int(arguments.get("bins", 64))
    if (size := _size(index, about["shape"])) > planes.PIECE_CAP or not 1 <= bins <= BINS_CAP:
        raise Unanswerable(f"{size} elements in {bins} bins are too many at once: ask for {planes.PIECE_CAP} in {BINS_CAP} at most")
    part, low, high = str(arguments.get("part", "abs")), float(arguments["low"]), float(arguments["high"])
    return about, planes.spread(stop.target.array(tensor, index), part, low, high, bins)


def _statistics(arguments: Mapping[str, Any], stop: Stop) -> Body:
    tensor = _asked(arguments, stop)
    return {**stop.target.about(tensor), **_figures(tensor, stop)}, b""


def _figures(tensor: Any, stop: Stop) -> dict[str, Any]:
    (described,) = stop.target.statistics([tensor])
    names = ("count", "norm", "low", "high", "mean", "zeros", "nans", "posinfs", "neginfs")
    return {name: _plain(getattr(described, name)) for name in names}


def _histogram(arguments: Mapping[str, Any], stop: Stop) -> Body:
    """Counts of the finite elements in ``bins`` bins of equal width, as int64 in the raw bytes; complex values by modulus."""
    tensor = _asked(arguments, stop)
    bins = int(arguments.get("bins", 64))
    if not 1 <= bins <= BINS_CAP:
        raise Unanswerable(f"a histogram has 1 to {BINS_CAP} bins, not {bins}")
    ends = [float(arguments[name]) if name in arguments else None for name in ("low", "high")]
    low, high, broken, counts = stop.target.histogram(tensor, bins, *ends)
    return {**stop.target.about(tensor), "low": low, "high": high, "not_finite": broken}, counts


def _evaluate(arguments: Mapping[str, Any], stop: Stop) -> Body:
    """Runs in the user's program: side effects are real. With ``statistics`` a tensor comes with its figures, a number as such."""
    value = evaluate(str(arguments.get("expression", "")), _frame(arguments, stop))
    body: dict[str, Any] = {"result": shown(value), "type": type(value).__qualname__, "runs_in": "your program"}
    if stop.target.is_tensor(value):
        body["value"] = stop.target.about(value)
        if arguments.get("statistics"):
            body["statistics"] = _figures(value, stop)
    elif isinstance(value, (int, float)):
        body["number"] = _plain(float(value))
    return body, b""


def _stack(arguments: Mapping[str, Any], stop: Stop) -> Body:
    return {"frames": [place(frame) for frame in stop.stack]}, b""


def _grads(arguments: Mapping[str, Any], stop: Stop) -> Body:
    """The leaves of the graph that is walked, or else of the user's variables, and what stands in their ``.grad`` now."""
    leaves = []
    for leaf in _leaves(stop):
        grad = stop.target.grad(leaf)
        entry: dict[str, Any] = {"leaf": stop.target.about(leaf), "grad": None}
        if grad is not None:
            entry["grad"] = {**stop.target.about(grad), "norm": _plain(stop.target.statistics([grad])[0].norm)}
        leaves.append(entry)
        if len(leaves) == LEAVES_CAP:
            break
    return {"leaves": leaves}, b""


def _pending(arguments: Mapping[str, Any], stop: Stop) -> Body:
    """What waits at the slots of node ``node``, and what the node keeps."""
    node, walk = _node(arguments, stop)
    about = stop.target.about
    waiting = [None if grad is None else about(grad) for grad in walk.pending(node)]
    saved = [{"name": name, "value": None if kept is None else about(kept)} for name, kept in node.saved_entries()]
    return {"node": node.id, "name": node.name(), "pending": waiting, "saved": saved}, b""


def _edit(arguments: Mapping[str, Any], stop: Stop) -> Body:
    """Replaces the gradient that waits at slot ``index`` of ``node`` by the value of ``expression``; ``grad`` in it is the
    one that waits."""
    node, walk = _node(arguments, stop)
    if "saved" in arguments:
        return _edit_saved(arguments, stop, node, walk)
    index = int(arguments.get("index", 0))
    pending = walk.pending(node)
    if not 0 <= index < len(pending):
        raise Unanswerable(f"{node.name()} has {len(pending)} slots, no slot {index}")
    with stop.target.aside():
        new = evaluate(str(arguments.get("expression", "")), _frame(arguments, stop), {"grad": pending[index]})
    if new is not None and not stop.target.is_tensor(new):
        raise Unanswerable(f"a gradient is a tensor or None, not {type(new).__name__}")
    old = pending[index]
    if new is not None and old is not None and (why := stop.target.misfit(old, new)):
        raise Unanswerable(why)
    try:
        walk.set_pending(node, index, new)
    except ValueError as error:
        raise Unanswerable(str(error)) from None
    return {"node": node.id, "index": index, "value": None if new is None else stop.target.about(new)}, b""


def _edit_saved(arguments: Mapping[str, Any], stop: Stop, node: Any, walk: Any) -> Body:
    """Replaces what ``node`` keeps under the name ``saved``; ``saved`` in the expression is what it keeps now."""
    name = str(arguments["saved"])
    kept = next((tensor for known, tensor in node.saved_entries() if known == name), None)
    if kept is None:
        raise Unanswerable(f"{node.name()} keeps no tensor {name}")
    with stop.target.aside():
        new = evaluate(str(arguments.get("expression", "")), _frame(arguments, stop), {"saved": kept})
    if not stop.target.is_tensor(new):
        raise Unanswerable(f"what a node keeps is a tensor, not {type(new).__name__}")
    try:
        walk.set_saved(node, name, new)
    except ValueError as error:
        raise Unanswerable(str(error)) from None
    return {"node": node.id, "saved": name, "value": stop.target.about(new)}, b""


_QUESTIONS: dict[str, Callable[[Mapping[str, Any], Stop], Body]] = {
    "value": _value,
    "reduce": _reduce,
    "figures": _figures_of_part,
    "spread": _spread,
    "statistics": _statistics,
    "histogram": _histogram,
    "evaluate": _evaluate,
    "stack": _stack,
    "grads": _grads,
    "pending": _pending,
}


# ------------------------------------------------------------------------------------------------------- finding things


def _asked(arguments: Mapping[str, Any], stop: Stop) -> Any:
    """The tensor that a question is about: ``tensor`` and ``version`` of the tape, or an ``expression``."""
    if "expression" in arguments:
        value = evaluate(str(arguments["expression"]), _frame(arguments, stop))
        if not stop.target.is_tensor(value):
            raise Unanswerable(f"the expression gives {type(value).__name__}, not a tensor")
        return value
    number, version = int(arguments.get("tensor", 0)), int(arguments.get("version", 0))
    older = None
    for tensor in _alive(stop):
        if number and (known := stop.target.identity(tensor))[0] == number:
            if known[1] == version:
                return tensor
            older = known[1]
    if older is not None:
        raise Unanswerable(f"tensor #{number} was changed in place: it is at version {older}, not {version} any more")
    raise Unanswerable(f"tensor #{number} is not alive any more, or nothing that the debugger sees holds it")


def _alive(stop: Stop) -> Iterator[Any]:
    """Tensors that can be reached from where the program stands: gradients under way, saved values, leaves, variables."""
    walk = stop.walk
    if walk is not None:
        for node in (*walk.ready, *walk.needed):
            yield from (grad for grad in walk.pending(node) if grad is not None)
            yield from (kept for _, kept in node.saved_entries() if kept is not None)
            if node.kind == NodeKind.ACCUMULATE:
                yield node.variable
                if (grad := stop.target.grad(node.variable)) is not None:
                    yield grad
    for tensor in _variables(stop):
        yield tensor
        if (grad := stop.target.grad(tensor)) is not None:
            yield grad


def _variables(stop: Stop) -> Iterator[Any]:
    """Tensors in the user's variables: themselves, in containers, and the parameters of modules."""
    seen: set[int] = set()
    for frame in stop.stack:
        for scope in (frame.f_locals, frame.f_globals):
            if id(scope) in seen:
                continue
            seen.add(id(scope))
            for value in list(scope.values()):
                yield from _tensors_in(value, stop.target.is_tensor)


def _tensors_in(value: Any, is_tensor: Callable[[object], bool]) -> Iterator[Any]:
    if is_tensor(value):
        yield value
    elif isinstance(value, (list, tuple)):
        yield from (one for one in value[:1000] if is_tensor(one))
    elif isinstance(value, dict):
        yield from (one for one in list(value.values())[:1000] if is_tensor(one))
    elif not isinstance(value, type) and hasattr(type(value), "named_parameters"):
        yield from (one for _, one in value.named_parameters() if is_tensor(one))


def _leaves(stop: Stop) -> Iterator[Any]:
    seen: set[int] = set()
    walk = stop.walk
    found = [node.variable for node in walk.needed if node.kind == NodeKind.ACCUMULATE] if walk is not None else []
    found.sort(key=lambda leaf: stop.target.identity(leaf)[0])
    for leaf in (*found, *_variables(stop)):
        if stop.target.takes_gradient(leaf) and id(leaf) not in seen:
            seen.add(id(leaf))
            yield leaf


def _node(arguments: Mapping[str, Any], stop: Stop) -> tuple[Any, Any]:
    number = int(arguments.get("node", 0))
    if stop.walk is not None:
        for node in (*stop.walk.ready, *stop.walk.needed):
            if node.id == number:
                return node, stop.walk
    raise Unanswerable(f"node #{number} does not take part in a backward pass that runs now")


def _frame(arguments: Mapping[str, Any], stop: Stop) -> types.FrameType | None:
    number = int(arguments.get("frame", 0))
    if not stop.stack:
        return None
    if not 0 <= number < len(stop.stack):
        raise Unanswerable(f"there are {len(stop.stack)} frames, no frame {number}")
    return stop.stack[number]


# ----------------------------------------------------------------------------------------------------------- in figures


def _plain(number: float) -> float | str | None:
    """A number as JSON can have it: infinities by name, NaN as null."""
    if isinstance(number, int) or math.isfinite(number):
        return number
    return None if math.isnan(number) else ("inf" if number > 0 else "-inf")


def _size(index: tuple[int | slice, ...], shape: Sequence[int]) -> int:
    """How many elements an index takes."""
    whole = (slice(None),) * (len(shape) - len(index))
    return math.prod(len(range(shape[i])[one]) for i, one in enumerate((*index, *whole)) if isinstance(one, slice))


def _index(wanted: object, shape: tuple[int, ...]) -> tuple[int | slice, ...]:
    if not isinstance(wanted, (list, tuple)) or len(wanted) > len(shape):
        raise Unanswerable(f"an index for shape {list(shape)} is a list of at most {len(shape)} entries")
    index: list[int | slice] = []
    for dim, entry in enumerate(wanted):
        size = shape[dim]
        if entry is None:
            index.append(slice(None))
        elif isinstance(entry, int) and not isinstance(entry, bool):
            if not -size <= entry < size:
                raise Unanswerable(f"index {entry} is out of range for shape {list(shape)}")
            index.append(entry)
        elif isinstance(entry, (list, tuple)) and 2 <= len(entry) <= 3 and all(one is None or isinstance(one, int) for one in entry):
            index.append(slice(*entry))
        else:
            raise Unanswerable("an entry of an index is a number, [start, stop], [start, stop, step] or null")
    return tuple(index)
