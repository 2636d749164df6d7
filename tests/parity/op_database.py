"""An entry of PyTorch's op database run by both libraries: the same results, types, gradients and errors, or what differs."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy
import torch

import gradstep.engine as gs

from .op_entries import ENTRIES, name_of
from .op_translation import Copies, Missing, as_array, function_of, name_of_dtype, translated

DIFFERENTIABLE = (torch.float64, torch.float32)
INTEGERS = (torch.int64, torch.int32, torch.uint8, torch.bool)
COMPLEX = (torch.complex128,)
HALVES = (torch.float16, torch.bfloat16)
SEED = 5

# entries whose values are compared less tightly, (float64, float32) relative to the largest value, and why
TOLERANCES: dict[str, tuple[float, float, str]] = {
    **dict.fromkeys(
        ("special.airy_ai", "special.bessel_j0", "special.bessel_j1", "special.bessel_y0", "special.bessel_y1"),
        (5e-6, 5e-5, "PyTorch's own are off by up to 3e-6 between 2 and 16; ours are compared with scipy's"),
    )
}


class Different(AssertionError):
    """The two libraries do not agree; ``stage`` is what the entry fails at."""

    def __init__(self, stage: str, reason: str) -> None:
        super().__init__(reason)
        self.stage = stage


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found of one entry. ``stage`` is of ``op_entries.STAGES``; counts are (agreeing, asked)."""

    name: str
    stage: str
    reason: str = ""
    differentiable: bool = False
    samples: int = 0
    errors: tuple[int, int] = (0, 0)
    integers: tuple[int, int] = (0, 0)
    complexes: tuple[int, int] = (0, 0)
    halves: tuple[int, int] = (0, 0)
    outs: tuple[int, int] = (0, 0)
    notes: tuple[str, ...] = field(default=())  # what differs in the counts

    @property
    def forward(self) -> bool:
        """Whether the results agree."""
        return self.stage not in ("missing", "forward")

    @property
    def backward(self) -> bool:
        """Whether results and gradients agree."""
        return self.stage in ("variants", "passes")


# --------------------------------------------------------------------------------------------------------------- samples


def seeded() -> None:
    """Both libraries, Python and numpy at the start of their random numbers: samples and draws are the same every time."""
    random.seed(SEED)
    numpy.random.seed(SEED)
    torch.manual_seed(SEED)
    gs.manual_seed(SEED)


def samples_of(entry: Any, kind: torch.dtype, bound: int | None = None, grad: bool = False) -> list[Any]:
    """The entry's samples in a type, leaves where ``grad`` and the type can be; at most ``bound`` of them, spread evenly."""
    seeded()
    grad = grad and entry.supports_autograd and kind in entry.backward_dtypes and (kind.is_floating_point or kind.is_complex)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = list(entry.sample_inputs("cpu", kind, requires_grad=grad))
    if bound is None or len(found) <= bound:
        return found
    return [found[i * (len(found) - 1) // (bound - 1)] for i in range(bound)]


# ------------------------------------------------------------------------------------------------------------ comparison


def tensors(value: Any, cls: type) -> Iterator[Any]:
    """All tensors in a result, in order."""
    if isinstance(value, cls):
        yield value
    elif isinstance(value, (tuple, list)):
        for inner in value:
            yield from tensors(inner, cls)


def compare(mine: Any, other: Any, name: str, stage: str, where: str, values: bool = True) -> None:
    """Raise Different unless two results agree: structure, types, shapes, whether there is a graph, values."""
    if isinstance(other, torch.Tensor):
        if not isinstance(mine, gs.Tensor):
            raise Different(stage, f"{where}: {type(mine).__name__}, not a tensor")
        compare_tensors(mine, other, name, stage, where, values)
    elif isinstance(other, (tuple, list)):
        if not isinstance(mine, (tuple, list)) or len(mine) != len(other):
            raise Different(stage, f"{where}: {type(mine).__name__} for {type(other).__name__} of {len(other)}")
        for i, (a, b) in enumerate(zip(mine, other, strict=True)):
            compare(a, b, name, stage, f"{where}[{i}]", values)
    elif isinstance(other, (bool, int, float, complex)):
        if type(mine) is not type(other) or not (mine == other or (mine != mine and other != other)):
            raise Different(stage, f"{where}: {mine!r} for {other!r}")
    elif other is None and mine is not None:
        raise Different(stage, f"{where}: {type(mine).__name__} for None")


def compare_tensors(mine: Any, other: Any, name: str, stage: str, where: str, values: bool = True) -> None:
    """Raise Different unless two tensors agree."""
    if name_of_dtype(mine.dtype) != name_of_dtype(other.dtype):
        raise Different(stage, f"{where}: {mine.dtype} for {other.dtype}")
    if tuple(mine.shape) != tuple(other.shape):
        raise Different(stage, f"{where}: shape {tuple(mine.shape)} for {tuple(other.shape)}")
    if mine.requires_grad != other.requires_grad or (mine.grad_fn is None) != (other.grad_fn is None):
        raise Different(stage, f"{where}: grad_fn {mine.grad_fn} for {other.grad_fn}")
    if values:
        problem = distance(mine._xp.to_host(mine._data), as_array(other), name)
        if problem:
            raise Different(stage, f"{where}: {problem}")


def distance(a: Any, b: Any, name: str) -> str:
    """What differs between two arrays of one type and shape; empty if they agree."""
    size = b.dtype.itemsize // (2 if b.dtype.kind == "c" else 1)
    if a.dtype.name in ("float16", "bfloat16"):
        a, b = a.astype("float32"), b.astype("float32")
    if a.dtype.kind in "biu":
        wrong = a != b
        return "" if not wrong.any() else f"{a[wrong][0]} for {b[wrong][0]} ({int(wrong.sum())} of {a.size} differ)"
    tight, loose, _ = TOLERANCES.get(name, (1e-9, 5e-5, ""))
    rtol = {8: tight, 4: loose}.get(size, 1e-2)
    finite = numpy.abs(b[numpy.isfinite(b)])
    atol = rtol * max(1.0, float(finite.max())) if finite.size else rtol
    with numpy.errstate(all="ignore"):
        right = numpy.isclose(a, b, rtol=rtol, atol=min(atol, rtol * 1e3 if size < 8 else atol), equal_nan=True)
    if right.all():
        return ""
    wrong = ~right
    return f"{a[wrong][0]!r} for {b[wrong][0]!r} ({int(wrong.sum())} of {a.size} differ)"


# -------------------------------------------------------------------------------------------------------------- one call


@dataclass(slots=True)
class Run:
    """What a call gave, or the error it ended in, and the leaves among its arguments."""

    result: Any
    error: Exception | None
    leaves: list[Any]


def run(library: Any, function: Callable[..., Any], sample: Any, fresh: bool = False) -> Run:
    """Call with copies of a sample's arguments. ``fresh`` makes the first argument no leaf, as changing in place asks."""
    copies = Copies(library)
    try:
        first, args, kwargs = copies.of(sample.input), copies.of(tuple(sample.args)), copies.of(sample.kwargs)
        if fresh:
            first = first.clone()
        seeded()
        return Run(function(first, *args, **kwargs), None, copies.leaves)
    except Missing:
        raise
    except Exception as error:  # an error is a result like any other here: it is compared
        return Run(None, error, copies.leaves)


def is_missing(error: Exception | None) -> bool:
    """Whether the error says that a name is not there."""
    return isinstance(error, AttributeError) and "has no attribute" in str(error)


def check_sample(entry: Any, mine_function: Any, sample: Any, stage: str = "forward", theirs: Any = None, fresh: bool = False) -> bool:
    """Compare one call; gives whether there were gradients to compare. Raises Different."""
    name = name_of(entry)
    mine, other = run(gs, mine_function, sample, fresh), run(torch, theirs or entry.op, sample, fresh)
    told = describe(sample)
    if other.error is not None:
        if mine.error is None:
            raise Different(stage, f"{told}: accepted; PyTorch says {type(other.error).__name__}: {first_line(other.error)}")
        return False
    if mine.error is not None:
        kind = "missing" if is_missing(mine.error) and stage == "forward" else stage
        raise Different(kind, f"{told}: {type(mine.error).__name__}: {first_line(mine.error)}")
    process = sample.output_process_fn_grad
    a, b = translated(process)(mine.result), process(other.result)
    compare(a, b, name, stage, told, values=not entry.has_nondeterministic_output)
    pairs = [(x, y) for x, y in zip(tensors(a, gs.Tensor), tensors(b, torch.Tensor), strict=True) if y.requires_grad]
    if not pairs or not other.leaves:
        return False
    compare_gradients(name, pairs, mine.leaves, other.leaves, "backward" if stage == "forward" else stage, told)
    return True


def compare_gradients(name: str, pairs: Any, mine: list[Any], other: list[Any], stage: str, told: str) -> None:
    """Raise Different unless the gradients of all leaves from the same random seeds agree."""
    chance = numpy.random.default_rng(SEED)
    seeds = []
    for _, y in pairs:
        drawn = chance.standard_normal(tuple(y.shape))
        if y.dtype.is_complex:
            drawn = drawn + 1j * chance.standard_normal(tuple(y.shape))
        seeds.append(numpy.asarray(drawn))
    theirs = [torch.from_numpy(s).to(y.dtype) for s, (_, y) in zip(seeds, pairs, strict=True)]
    wanted = torch.autograd.grad([y for _, y in pairs], other, theirs, allow_unused=True)
    try:
        ours = [gs.from_numpy(s).to(x.dtype) for s, (x, _) in zip(seeds, pairs, strict=True)]
        found = gs.autograd.grad([x for x, _ in pairs], mine, ours, allow_unused=True)
    except Exception as error:  # whatever it is, it is what differs
        raise Different(stage, f"backward of {told}: {type(error).__name__}: {first_line(error)}") from error
    for i, (g, h) in enumerate(zip(found, wanted, strict=True)):
        where = f"gradient {i} of {told}"
        if (g is None) != (h is None):
            raise Different(stage, f"{where}: {'None' if g is None else 'one'} for {'None' if h is None else 'one'}")
        if h is not None:
            compare_tensors(g, h, name, stage, where)


# ------------------------------------------------------------------------------------------------------------- one entry


def check(name: str, bound: int | None = None, counts: bool = True) -> Verdict:
    """Run an entry: samples in double and single precision, method and in-place variant, and, with ``counts``, errors and
    other types. At most ``bound`` samples in double precision, and half as many in single."""
    entry = ENTRIES[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            mine = function_of(entry)
        except Missing as missing:
            return Verdict(name, "missing", str(missing))
        asked, differentiable = 0, False
        try:
            kinds = [k for k in DIFFERENTIABLE if k in entry.dtypes] or [k for k in (*COMPLEX, *INTEGERS) if k in entry.dtypes][:1]
            later: Different | None = None
            for i, kind in enumerate(kinds):
                for sample in samples_of(entry, kind, bound if bound is None or i == 0 else max(2, bound // 2), grad=True):
                    asked += 1
                    try:
                        differentiable |= check_sample(entry, mine, sample)
                    except Different as different:
                        if different.stage != "backward":
                            raise
                        later = later or different
            if later is not None:
                raise later
            if not asked:
                raise Different("forward", "no samples")
            check_variants(entry, kinds[0], bound)
        except Missing as missing:
            return Verdict(name, "missing", str(missing), differentiable, asked)
        except Different as different:
            return Verdict(name, different.stage, str(different), differentiable or different.stage == "backward", asked)
        if not counts:
            return Verdict(name, "passes", "", differentiable, asked)
        notes: list[str] = []
        return Verdict(
            name,
            "passes",
            "",
            differentiable,
            asked,
            count_errors(entry, mine, notes),
            count_kinds(entry, mine, INTEGERS, notes),
            count_kinds(entry, mine, COMPLEX, notes),
            count_kinds(entry, mine, HALVES, notes),
            count_outs(entry, mine, notes),
            tuple(notes),
        )


def check_variants(entry: Any, kind: torch.dtype, bound: int | None) -> None:
    """The method, and the in-place twin, on a few samples. Raises Different."""
    variants = [("method", entry.method_variant, False), ("in place", entry.inplace_variant, True)]
    for what, theirs, in_place in variants:
        if theirs is None:
            continue
        called = getattr(theirs, "__name__", "")
        if type(theirs).__name__ in ("method_descriptor", "wrapper_descriptor") or hasattr(torch.Tensor, called):
            ours = getattr(gs.Tensor, called, None)
            if ours is None:
                raise Different("variants", f"no Tensor.{called}")
        else:
            try:
                ours = translated(theirs)
            except Missing as missing:
                raise Different("variants", f"{what}: {missing}") from None
        for sample in samples_of(entry, kind, min(bound or 6, 6), grad=not in_place or entry.supports_inplace_autograd):
            if isinstance(sample.input, torch.Tensor) and not (in_place and sample.broadcasts_input):
                try:
                    check_sample(entry, ours, sample, "variants", theirs, fresh=in_place)
                except Different as different:
                    raise Different("variants", f"{what}: {different}") from None


def count_errors(entry: Any, mine: Any, notes: list[str], words: int = 30) -> tuple[int, int]:
    """How many of the entry's error inputs end in the same type of error, beginning with the same words."""
    if entry.error_inputs_func is None:
        return 0, 0
    seeded()
    right = asked = 0
    for wrong in entry.error_inputs("cpu"):
        sample = wrong.sample_input
        theirs = run(torch, entry.op, sample).error
        if theirs is None:
            continue
        asked += 1
        try:
            ours = run(gs, mine, sample).error
        except Missing as missing:
            ours = missing
        if type(ours).__name__ == type(theirs).__name__ and first_line(ours)[:words] == first_line(theirs)[:words]:
            right += 1
        else:
            said = "accepted" if ours is None else f"{type(ours).__name__}: {first_line(ours)}"
            notes.append(f"error: {describe(sample)}: {said}; PyTorch: {type(theirs).__name__}: {first_line(theirs)}")
    return right, asked


def count_kinds(entry: Any, mine: Any, kinds: tuple[torch.dtype, ...], notes: list[str], bound: int = 8) -> tuple[int, int]:
    """In how many of the types that PyTorch takes the results agree."""
    right = asked = 0
    for kind in kinds:
        if kind not in entry.dtypes:
            continue
        asked += 1
        try:
            for sample in samples_of(entry, kind, bound):
                check_sample(entry, mine, sample)
        except (Different, Missing) as different:
            notes.append(f"{name_of_dtype(kind)}: {different}")
        else:
            right += 1
    return right, asked


def count_outs(entry: Any, mine: Any, notes: list[str], bound: int = 2, words: int = 30) -> tuple[int, int]:
    """In how many calls with ``out=`` both write the same, or refuse alike: an empty out, one of another shape, one of another type."""
    right = asked = 0
    kind = next((k for k in (torch.float32, torch.int64, torch.bool) if k in entry.dtypes), None)
    for sample in samples_of(entry, kind, bound) if entry.supports_out and kind is not None else []:
        found = list(tensors(run(torch, entry.op, sample).result, torch.Tensor))
        for what, outs in _outs(found) if found else []:
            given = outs[0] if len(outs) == 1 else outs
            called = SimpleNamespace(input=sample.input, args=sample.args, kwargs={**sample.kwargs, "out": given})
            theirs, ours = run(torch, entry.op, called), run(gs, mine, called)
            if isinstance(theirs.error, TypeError):
                return 0, 0  # it has none
            asked += 1
            problem = ""
            if theirs.error is not None or ours.error is not None:
                said = [f"{type(e).__name__}: {first_line(e)}" if e is not None else "accepted" for e in (ours.error, theirs.error)]
                problem = "" if said[0][:words] == said[1][:words] else f"{said[0]}; PyTorch: {said[1]}"
            else:
                sure = not entry.has_nondeterministic_output and what != "of another type"  # there it is written more exactly
                try:
                    compare(ours.result, theirs.result, name_of(entry), "forward", what, values=sure)
                except Different as different:
                    problem = str(different)
            right += not problem
            if problem:
                notes.append(f"out: {what} {describe(sample)}: {problem}")
    return right, asked


def _outs(found: list[torch.Tensor]) -> Iterator[tuple[str, tuple[torch.Tensor, ...]]]:
    yield "empty", tuple(torch.empty(0, dtype=t.dtype) for t in found)
    yield "of another shape", tuple(torch.zeros((*t.shape, 2), dtype=t.dtype) for t in found)
    other = {torch.float32: torch.float64, torch.float64: torch.float32, torch.bool: torch.int64}
    yield "of another type", tuple(torch.zeros(t.shape, dtype=other.get(t.dtype, torch.float32)) for t in found)


# ----------------------------------------------------------------------------------------------------------------- words


def first_line(error: Any) -> str:
    """The first line of a message."""
    return (str(error).splitlines() or [""])[0]


def describe(sample: Any) -> str:
    """A sample in a few words."""
    parts = [_told(sample.input), *map(_told, sample.args), *(f"{k}={_told(v)}" for k, v in sample.kwargs.items())]
    told = f"({', '.join(parts)})"
    return told if len(told) < 200 else told[:197] + "..."


def _told(value: Any) -> str:
    if isinstance(value, torch.Tensor):
        return f"{name_of_dtype(value.dtype)}{list(value.shape)}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_told, value))}]"
    return repr(value).splitlines()[0][:40]
