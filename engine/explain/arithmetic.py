"""Which rule of floating-point arithmetic made a NaN or an infinity, told from an op's name and its operands at one element."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Operands = Sequence[float]


@dataclass(frozen=True, slots=True)
class Rule:
    """A way in which a result stops being a number. ``reason`` is its code; ``text`` says it in numbers; ``fix`` what to do."""

    reason: str
    text: str
    fix: str


_EPS = "Keep the operand away from the edge: clamp it (x.clamp_min(eps)) or add a small number before."
_LOGITS = (
    "Work with logarithms: log_softmax, logsumexp, binary_cross_entropy_with_logits and cross_entropy take logits and do not overflow."
)
_MASK = "A row in which everything is masked has no softmax: leave such rows out, or mask with a large finite number."


_NAMES = {"pow_number": "pow", "pow_tensor": "pow", "true_divide": "div"}


def plain_name(op: str) -> str:
    """What the user calls an op."""
    op = op.strip("_")
    return _NAMES.get(op, op)


def forward_rule(op: str, x: Operands, infinite: bool = False) -> Rule | None:
    """The rule for ``op`` on operands at the element; None where none is known to fit. ``infinite``: it gave an infinity, not NaN."""
    op = plain_name(op)
    found = _FORWARD.get(op)
    if found is not None and x:
        rule = found(x)
        if rule is not None:
            return rule
    if len(x) >= 2 and op in ("mul", "mm", "bmm", "addmm", "matmul") and 0.0 in x and any(map(math.isinf, x)):
        return Rule(
            "zero-times-inf",
            f"{_times(x)} has no value",
            "Find where the infinity comes from: a mask that multiplies by 0 does not remove it.",
        )
    if x and all(map(math.isfinite, x)) and (infinite or max(map(abs, x)) > 1e4):
        return Rule("overflow", f"{op} of numbers as large as {_shown(max(x, key=abs))} leaves the range of the type", _SCALE)
    return None


_SCALE = "Scale the values down (normalise, a smaller learning rate, gradient clipping), or compute in a wider type."


def _shown(x: float) -> str:
    return "NaN" if math.isnan(x) else ("inf" if x > 0 else "-inf") if math.isinf(x) else f"{x:.6g}"


def _times(x: Operands) -> str:
    return " * ".join(_shown(v) for v in x[:2])


def _log(x: Operands) -> Rule | None:
    if x[0] == 0:
        return Rule("log-zero", "log(0) is -inf", _EPS)
    return Rule("log-negative", f"log({_shown(x[0])}) has no real value", _EPS) if x[0] < 0 else None


def _log1p(x: Operands) -> Rule | None:
    if x[0] == -1:
        return Rule("log-zero", "log1p(-1) is log(0) = -inf", _EPS)
    return Rule("log-negative", f"log1p({_shown(x[0])}) has no real value", _EPS) if x[0] < -1 else None


def _sqrt(x: Operands) -> Rule | None:
    return Rule("sqrt-negative", f"sqrt({_shown(x[0])}) has no real value", _EPS) if x[0] < 0 else None


def _rsqrt(x: Operands) -> Rule | None:
    return Rule("division-by-zero", "rsqrt(0) is 1/0 = inf", _EPS) if x[0] == 0 else _sqrt(x)


def _div(x: Operands) -> Rule | None:
    if len(x) < 2:
        return None
    a, b = x[0], x[1]
    if a == 0 and b == 0:
        return Rule("zero-by-zero", "0 / 0 has no value", _EPS)
    if b == 0:
        return Rule("division-by-zero", f"{_shown(a)} / 0 is infinite", _EPS)
    if math.isinf(a) and math.isinf(b):
        return Rule("inf-by-inf", f"{_shown(a)} / {_shown(b)} has no value", _LOGITS)
    return None


def _difference(x: Operands) -> Rule | None:
    if len(x) >= 2 and math.isinf(x[0]) and math.isinf(x[1]):
        return Rule("inf-minus-inf", f"{_shown(x[0])} and {_shown(x[1])} cancel to no value", _LOGITS)
    return None


def _exp(x: Operands) -> Rule | None:
    return (
        Rule("exp-overflow", f"exp({_shown(x[0])}) is larger than the type can hold", _LOGITS)
        if math.isfinite(x[0]) and x[0] > 10
        else None
    )


def _pow(x: Operands) -> Rule | None:
    if len(x) < 2:
        return None
    if x[0] == 0 and x[1] < 0:
        return Rule("division-by-zero", f"0 ** {_shown(x[1])} is 1/0", _EPS)
    if x[0] < 0 and x[1] != int(x[1]):
        return Rule("root-of-negative", f"{_shown(x[0])} ** {_shown(x[1])} has no real value", _EPS)
    return None


def _reciprocal(x: Operands) -> Rule | None:
    return Rule("division-by-zero", "1 / 0 is infinite", _EPS) if x[0] == 0 else None


def _domain(low: float, high: float) -> Callable[[Operands], Rule | None]:
    def rule(x: Operands) -> Rule | None:
        if not low < x[0] < high:
            return Rule(
                "domain",
                f"{_shown(x[0])} is outside of or on the edge of ({_shown(low)}, {_shown(high)})",
                f"Clamp the operand into ({_shown(low)}, {_shown(high)}) first.",
            )
        return None

    return rule


_FORWARD: dict[str, Callable[[Operands], Rule | None]] = {
    "log": _log, "log2": _log, "log10": _log, "log1p": _log1p, "sqrt": _sqrt, "rsqrt": _rsqrt, "div": _div, "true_divide": _div,
    "sub": _difference, "add": _difference, "rsub": _difference, "exp": _exp, "expm1": _exp, "exp2": _exp, "cosh": _exp, "sinh": _exp,
    "pow": _pow, "reciprocal": _reciprocal, "acos": _domain(-1, 1), "asin": _domain(-1, 1), "atanh": _domain(-1, 1),
    "acosh": _domain(1, math.inf), "logit": _domain(0, 1), "xlogy": lambda x: _log(x[1:]) if len(x) > 1 else None,
}  # fmt: skip

ROWS = {
    "softmax": Rule("softmax-all-masked", "every entry of the row is -inf", _MASK),
    "log_softmax": Rule("softmax-all-masked", "every entry of the row is -inf", _MASK),
    "logsumexp": Rule("softmax-all-masked", "an entry of the row is infinite", _MASK),
    "var": Rule("too-few", "the variance of so few elements divides by zero", "Give more elements, or correction=0 (unbiased=False)."),
    "std": Rule("too-few", "the deviation of so few elements divides by zero", "Give more elements, or correction=0 (unbiased=False)."),
    "nll_loss": Rule(
        "masked-label",
        "the class that is the label has the logit -inf, so its loss is infinite",
        "A class that is masked must not be a label: look at the mask and at the labels, or give such rows ignore_index.",
    ),
    "batch_norm": Rule(
        "zero-variance", "the variance of a column and eps are both 0, which divides by zero", "Give batch norm an eps above 0."
    ),
    "mean": Rule("empty", "the mean of no elements is 0/0", "Leave out empty batches and masks that select nothing."),
}


def infinite_operand(op: str) -> Rule:
    """The rule where an op that sums products was given an infinity that another op made."""
    text = f"{op} sums products, and one of its operands is infinite: inf * 0 and inf - inf have no value"
    return Rule("infinite-operand", text, "Look at the op that made the infinity.")


_SCORES = Rule(
    "softmax-infinite", "an entry of the row is inf, and the softmax of that is inf - inf",
    "Keep the scores finite: compute them in a wider type, or scale them before the exponential.",
)  # fmt: skip


def row_rule(op: str, rises: bool = False) -> Rule | None:
    """The rule for ops that look at whole rows: softmax of a row that is masked throughout, variance of one element. ``rises``: the
    operand holds a positive infinity."""
    op = plain_name(op)
    if rises and op.endswith("softmax"):
        return _SCORES
    return next((rule for name, rule in ROWS.items() if op == name or op.startswith(f"{name}_") or op.endswith(f"_{name}")), None)


# ------------------------------------------------------------------------------------------------------------ backward

_SLOPES: dict[str, tuple[Callable[[Operands], bool], str, str, str]] = {
    # op: (where its slope is not finite, the slope in words, reason, where that happens)
    "sqrt": (lambda x: x[0] == 0, "the slope of sqrt at 0 is 1/(2*sqrt(0)) = inf", "sqrt-slope", "sqrt"),
    "rsqrt": (lambda x: x[0] == 0, "the slope of rsqrt at 0 is -inf", "sqrt-slope", "rsqrt"),
    "log": (lambda x: x[0] == 0, "the slope of log at 0 is 1/0 = inf", "log-slope", "log"),
    "log2": (lambda x: x[0] == 0, "the slope of log2 at 0 is inf", "log-slope", "log2"),
    "log10": (lambda x: x[0] == 0, "the slope of log10 at 0 is inf", "log-slope", "log10"),
    "log1p": (lambda x: x[0] == -1, "the slope of log1p at -1 is 1/0 = inf", "log-slope", "log1p"),
    "reciprocal": (lambda x: x[0] == 0, "the slope of 1/x at 0 is -inf", "division-slope", "1/x"),
    "div": (lambda x: len(x) > 1 and x[1] == 0, "the slopes of a/b at b = 0 are a/0 and 1/0", "division-slope", "division"),
    "pow": (lambda x: x[0] == 0, "the slope of x**p at 0 is infinite for p < 1", "pow-slope", "x**p"),
    "acos": (lambda x: abs(x[0]) >= 1, "the slope of acos at -1 and 1 is infinite", "domain-slope", "acos"),
    "asin": (lambda x: abs(x[0]) >= 1, "the slope of asin at -1 and 1 is infinite", "domain-slope", "asin"),
    "atan2": (lambda x: len(x) > 1 and x[0] == x[1] == 0, "the slope of atan2 at (0, 0) is 0/0", "atan2-slope", "atan2"),
    "exp": (lambda x: x[0] > 10, "the slope of exp is exp itself, which is inf there", "exp-slope", "exp"),
    "std": (lambda x: True, "the slope of a deviation that is 0 is 0/0", "std-slope", "std"),
    "norm": (lambda x: True, "the slope of a norm that is 0 is 0/0", "norm-slope", "norm"),
}


def backward_rule(op: str, x: Operands, g: float | None) -> Rule | None:
    """The rule for the backward of ``op`` where its operands are ``x`` and the gradient that arrived is ``g`` (None: unknown)."""
    op = plain_name(op)
    found = _SLOPES.get(op) or next((slope for name, slope in _SLOPES.items() if op.startswith(name) and name in ("std", "norm")), None)
    if found is None or not x or not found[0](x):
        return None
    if op == "pow" and len(x) > 1 and x[1] >= 1:
        return None
    _, words, reason, place = found
    if g == 0:
        return Rule(reason, f"{words}, and 0 * inf (the gradient that arrived is 0) is NaN", _edge(place))
    return Rule(reason, words, _edge(place))


def backward_overflow(dtype: str) -> Rule:
    """The rule where a gradient of finite numbers is infinite."""
    fix = "Scale the loss down (a smaller init_scale of the GradScaler), clip gradients, or compute this part in float32."
    return Rule("overflow", f"the gradient leaves the range of {dtype}", fix)


def _edge(op: str) -> str:
    return f"Keep the operand of {op} away from that point: add a small number or clamp it before the op, not after it."
