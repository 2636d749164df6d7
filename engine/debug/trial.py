"""The trial of a rule: whether the backward of a user's own Function is the derivative of its forward, whatever engine runs them.

It runs in a forked child, which has SECONDS and in which nothing of the script is touched; what it finds comes back through a pipe.
"""

from __future__ import annotations

import inspect
import json
import os
import select
import signal
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, NoReturn, Protocol

import numpy as np

from ..older import qualname

SECONDS = 5.0  # that a child may take
LARGEST = 50_000  # elements of all inputs of a call that is tried
PROBES = 48  # elements of an input that are moved
STEP = 1e-4  # of the differences, in double precision; large enough for a forward that computes in single precision inside
TOLERANCE = 0.02  # relative to the larger of the two
FLAT = 1e-12
COLUMNS = 8  # outputs at which an element that disagrees is looked at by itself
_MESSAGE = 1 << 16

Facts = dict[str, Any]


class Trial(Protocol):
    """A Function at the inputs of one call, in double precision."""

    @property
    def values(self) -> Mapping[int, Any]:
        """By place, the inputs that are tensors, as arrays."""

    @property
    def moved(self) -> Sequence[int]:
        """The places of those that take a gradient."""

    def gradients(self, covectors: Sequence[Any]) -> list[Any]:
        """What backward gives for the inputs in ``moved``, as arrays of float64; None where it gives none."""

    def outputs(self, place: int = -1, index: tuple[int, ...] = (), by: float = 0.0) -> list[Any]:
        """The outputs of floating point, as arrays of float64, where an element of an input is moved. The same random numbers every
        time."""

    def outputs_of(self, values: Mapping[int, Any]) -> list[Any]:
        """The outputs for other inputs."""


def unforkable(is_harmless: Callable[[Any], bool] = lambda handler: False) -> str:
    """Why no child can be made here without the script noticing; "" where one can. ``is_harmless``: whether a handler that waits for the
    end of children (SIGCHLD) is one of the library's, which takes no notice of a child that it has not made."""
    if not hasattr(os, "fork"):
        return "this system cannot fork"
    handler = signal.getsignal(signal.SIGCHLD)
    return "" if handler in (signal.SIG_DFL, None) or is_harmless(handler) else "a fork could be noticed"


def named(function: Any, rule: Any, apart: bool) -> Facts:
    """The Function, and where its two rules stand. ``apart``: forward is given no ctx."""
    names = list(inspect.signature(function.forward).parameters)
    places: Facts = {"class": function.__name__, "doc": (function.__doc__ or "")[:200], "names": names if apart else names[1:]}
    for role, one in (("backward", rule), ("forward", function.forward)):
        code = getattr(inspect.unwrap(one), "__code__", None)
        if code is not None:
            places[role] = {"file": code.co_filename, "line": code.co_firstlineno, "function": qualname(code)}
    return places


# ------------------------------------------------------------------------------------------------------------ the child


def in_child(work: Callable[[], Facts]) -> Facts:
    """What ``work`` gives in a forked child that has SECONDS."""
    reading, writing = os.pipe()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # from 3.12 on Python warns of threads beside a fork: ours, and the child calls none
            child = os.fork()
    except OSError as error:
        os.close(reading)
        os.close(writing)
        return {"verdict": "unchecked", "why": f"fork: {error.strerror}"}
    if child == 0:
        _work(work, writing)
    os.close(writing)
    try:
        told = _read(reading)
    finally:
        os.close(reading)
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(child, 0)
    try:
        facts = json.loads(told)
    except ValueError:
        facts = None
    return facts if isinstance(facts, dict) else {"verdict": "unchecked", "why": "it took too long, or ended the process"}


def _work(work: Callable[[], Facts], writing: int) -> NoReturn:
    """In the child: nothing of it is seen but the answer."""
    try:
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nothing, descriptor)
        try:
            facts = work()
        except BaseException as error:  # whatever the user's rule raises, the script will meet it by itself
            facts = {"verdict": "unchecked", "why": f"{type(error).__name__}: {error}"[:500]}
        os.write(writing, json.dumps(facts).encode()[:_MESSAGE])
    finally:
        os._exit(0)


def _read(reading: int) -> bytes:
    told, until = b"", time.monotonic() + SECONDS
    while (left := until - time.monotonic()) > 0 and select.select([reading], [], [], left)[0]:
        part = os.read(reading, _MESSAGE)
        if not part:
            return told
        told += part
    return b""


# ------------------------------------------------------------------------------------------------------------ the trial


def compared(trial: Trial) -> Facts:
    """Backward against central differences of forward, at the elements that matter most and some others: ``verdict`` (right, wrong,
    surrogate, identity, unchecked) and what belongs to it."""
    outs = trial.outputs()
    if not outs or not trial.moved:
        return {"verdict": "unchecked", "why": "nothing that takes a gradient"}
    if any(not np.array_equal(a, b, equal_nan=True) for a, b in zip(outs, trial.outputs(), strict=True)):
        return {"verdict": "unchecked", "why": "forward gives other results every time"}
    drawn = np.random.default_rng(0)
    covectors = [drawn.normal(size=out.shape) for out in outs]
    gradients = trial.gradients(covectors)
    ones = trial.gradients([np.ones(out.shape) for out in outs])
    worst: tuple[float, int, tuple[int, ...], float, float] | None = None
    ratios: list[float] = []
    checked, surrogate, ignores = 0, False, True
    for place, gradient, plain in zip(trial.moved, gradients, ones, strict=True):
        if gradient is None or plain is None or gradient.shape != trial.values[place].shape:
            continue  # None is another diagnosis
        flat, answered = True, False
        for index in _probed(gradient):
            slope = _slope(trial, place, index, covectors)
            got = float(gradient[index])
            if slope is None or not np.isfinite(got):
                continue
            checked += 1
            flat = flat and abs(slope) <= FLAT
            answered = answered or abs(got) > FLAT
            wrong = _apart(got, slope)
            if wrong > TOLERANCE:
                ratios.append(got / slope if abs(slope) > FLAT else np.inf)
                unit = _slope(trial, place, index, [np.ones(out.shape) for out in outs])
                ignores = ignores and unit is not None and _apart(float(plain[index]), unit) <= TOLERANCE
                if worst is None or wrong > worst[0] or (wrong == worst[0] and abs(slope) > abs(worst[4])):
                    worst = wrong, place, index, got, slope
        surrogate = surrogate or (checked > 0 and flat and answered)
    if worst is None:
        return {"verdict": "right", "checked": checked} if checked else {"verdict": "unchecked", "why": "forward has a kink there"}
    if surrogate:
        return {"verdict": "surrogate"}
    if _is_identity(trial, outs):
        return {"verdict": "identity"}
    _, place, index, got, slope = worst
    output, got, slope = _column(trial, place, index, outs, got, slope)
    finite = [ratio for ratio in ratios if np.isfinite(ratio)]
    factor = finite[0] if len(finite) == len(ratios) and len(finite) > 1 and np.ptp(finite) < TOLERANCE * abs(finite[0]) else None
    return {
        "verdict": "wrong", "input": place, "element": list(index), "output": output, "analytic": got, "numeric": slope,
        "factor": factor, "ignores": bool(ignores), "wrong": len(ratios), "checked": checked,
    }  # fmt: skip


def _is_identity(trial: Trial, outs: Sequence[Any]) -> bool:
    """Whether forward gives an input as it is, also where that has other signs."""
    if not any(np.array_equal(out, trial.values[i]) for out in outs for i in trial.moved):
        return False
    mirrored = {i: -1.5 * value - 0.25 if i in trial.moved else value.copy() for i, value in trial.values.items()}
    given = trial.outputs_of(mirrored)
    return any(np.array_equal(out, mirrored[i]) for out in given for i in trial.moved)


def _apart(a: float, b: float) -> float:
    """How far two numbers differ, of the larger."""
    return abs(a - b) / max(abs(a), abs(b), 1e-6)


def _probed(gradient: Any) -> list[tuple[int, ...]]:
    """Elements: those with the largest gradients, and others spread over the whole."""
    size = gradient.size
    flat = np.abs(np.nan_to_num(gradient.reshape(-1)))
    chosen = (
        {int(i) for i in np.argsort(-flat, kind="stable")[: PROBES // 3]} | {int(i) for i in np.linspace(0, size - 1, PROBES)}
        if size
        else set()
    )
    return [tuple(int(n) for n in np.unravel_index(i, gradient.shape)) for i in sorted(chosen)]


def _slope(trial: Trial, place: int, index: tuple[int, ...], covectors: Sequence[Any]) -> float | None:
    """The derivative of the weighted outputs by an element; None where forward is not smooth there."""

    def weighted(by: float) -> float:
        return float(sum((out * c).sum() for out, c in zip(trial.outputs(place, index, by), covectors, strict=True)))

    step = STEP * max(1.0, abs(float(trial.values[place][index])))
    here, ahead, behind = weighted(0.0), weighted(step), weighted(-step)
    slope = (ahead - behind) / (2 * step)
    nearer = (weighted(step / 4) - weighted(-step / 4)) / (step / 2)
    if not np.isfinite(slope) or _apart(slope, nearer) > TOLERANCE / 4:
        return None
    right, left = (ahead - here) / step, (here - behind) / step
    return slope if abs(right - left) <= 0.1 * max(abs(right), abs(left)) + FLAT or _apart(right, left) < 0.1 else None


def _column(
    trial: Trial, place: int, index: tuple[int, ...], outs: Sequence[Any], got: float, slope: float
) -> tuple[list[int] | None, float, float]:
    """One output at which the element disagrees, and both numbers there; None and the weighted ones where each by itself agrees."""
    step = STEP * max(1.0, abs(float(trial.values[place][index])))
    ahead, behind = trial.outputs(place, index, step)[0], trial.outputs(place, index, -step)[0]
    column = (ahead - behind) / (2 * step)
    best: tuple[float, list[int], float, float] | None = None
    for number in np.argsort(-np.abs(column.reshape(-1)), kind="stable")[:COLUMNS]:
        one = np.unravel_index(int(number), column.shape)
        covectors = [np.zeros(out.shape) for out in outs]
        covectors[0][one] = 1.0
        gradient = trial.gradients(covectors)[trial.moved.index(place)]
        if gradient is None:
            continue
        wrong = _apart(float(gradient[index]), float(column[one]))
        if wrong > TOLERANCE and (best is None or wrong > best[0]):
            best = wrong, [int(n) for n in one], float(gradient[index]), float(column[one])
    return (None, got, slope) if best is None else best[1:]
