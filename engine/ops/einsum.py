"""``einsum``: sums of products by Einstein's convention, composed of views and batched products as PyTorch composes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..tensor import Tensor
from .linalg import bmm
from .order_of_dims import movedim, permute
from .rearrange import diagonal
from .shape import reshape, unsqueeze, view

_DOTS = "..."


def _labels(text: str) -> list[str]:
    """The subscripts of one operand: letters, and at most one ``...``."""
    found: list[str] = []
    rest = text.replace(" ", "")
    while rest:
        if rest.startswith(_DOTS):
            if _DOTS in found:
                raise RuntimeError("einsum(): found '.' for which an ellipsis was already found")
            found.append(_DOTS)
            rest = rest[3:]
        elif rest[0].isascii() and rest[0].isalpha():
            found.append(rest[0])
            rest = rest[1:]
        else:
            raise RuntimeError(
                f"einsum(): invalid subscript given at index 0 in the equation string, subscripts must be in [a-zA-Z]: {rest[0]}"
            )
    return found


def _letters(numbers: Sequence[Any]) -> str:
    """Subscripts given as numbers, as letters."""
    made = ""
    for n in numbers:
        if n is Ellipsis:
            made += _DOTS
        elif 0 <= n < 52:
            made += chr(ord("A") + n) if n < 26 else chr(ord("a") + n - 26)
        else:
            raise ValueError(f"einsum: subscript {n} is not within the valid range [0, 52)")
    return made


def _sides(equation: str) -> tuple[str, str | None]:
    left, arrow, right = equation.replace(" ", "").partition("->")
    return left, right if arrow else None


def einsum(*args: Any) -> Any:
    """``einsum("ij,jk->ik", a, b)``: for each output subscript combination the sum over the others of the products.

    Raises RuntimeError where subscripts and shapes do not fit.
    """
    if len(args) < 2:
        raise ValueError(
            "einsum(): must specify the equation string and at least one operand, or at least one operand and its subscripts list"
        )
    if isinstance(args[0], str):
        equation, operands = args[0], list(args[1:])
        if len(operands) == 1 and isinstance(operands[0], (tuple, list)):
            operands = list(operands[0])
    else:
        operands = list(args[0 : 2 * (len(args) // 2) : 2])
        equation = ",".join(_letters(subscripts) for subscripts in args[1::2])
        if len(args) % 2:
            equation += "->" + _letters(args[-1])
    left, right = _sides(equation)
    given = [_labels(part) for part in left.split(",")]
    if len(given) != len(operands):
        more = "more" if len(operands) > len(given) else "fewer"
        raise RuntimeError(f"einsum(): {more} operands were provided than specified in the equation")
    dots = _dots(given, operands)
    order, out_count = _order(given, right, dots)
    prepared = [_prepared(operand, labels, order, dots, i) for i, (operand, labels) in enumerate(zip(operands, given, strict=True))]
    _check_sizes(prepared, order)
    return _contracted(prepared, out_count)


def _dots(given: Sequence[Sequence[str]], operands: Sequence[Tensor]) -> int:
    """How many dimensions the ellipses stand for at most."""
    most = 0
    for i, (labels, operand) in enumerate(zip(given, operands, strict=True)):
        named = len(labels) - labels.count(_DOTS)
        if _DOTS in labels:
            if named > operand.ndim:
                raise RuntimeError(
                    f"einsum(): the number of subscripts in the equation ({named}) is more than the number of dimensions "
                    f"({operand.ndim}) for operand {i}"
                )
            most = max(most, operand.ndim - named)
        elif named != operand.ndim:
            raise RuntimeError(
                f"einsum(): the number of subscripts in the equation ({named}) does not match the number of dimensions "
                f"({operand.ndim}) for operand {i} and no ellipsis was given"
            )
    return most


def _order(given: Sequence[Sequence[str]], right: str | None, dots: int) -> tuple[list[str], int]:
    """All subscripts, those of the output first, the dimensions of an ellipsis as ``.0``, ``.1``, ...; and how many of them
    the output has."""
    every = [label for labels in given for label in labels]
    spread = [f".{d}" for d in range(dots)]
    if right is None:
        out = spread + sorted(label for label in set(every) if label != _DOTS and every.count(label) == 1)
    else:
        out = []
        for label in _labels(right):
            if label == _DOTS:
                out += spread
            elif label in out:
                raise RuntimeError(f"einsum(): output subscript {label} appears more than once in the output")
            elif label not in every:
                raise RuntimeError(f"einsum(): output subscript {label} does not appear in the equation for any input operand")
            else:
                out.append(label)
    rest = [label for label in spread if label not in out] + sorted(label for label in set(every) if label != _DOTS and label not in out)
    return out + rest, len(out)


def _prepared(operand: Any, labels: Sequence[str], order: Sequence[str], dots: int, number: int) -> Any:
    """The operand with a dimension for every subscript, in order; of size 1 for those that it lacks."""
    place: dict[str, int] = {}
    at = 0
    for label in labels:
        if label == _DOTS:
            have = _dots_here(operand, labels, at)
            for _ in range(dots - have):
                operand = unsqueeze(operand, at)
            for d in range(dots):
                place[f".{d}"] = at
                at += 1
        elif label in place:
            first = place[label]
            if operand.shape[first] != operand.shape[at]:
                raise RuntimeError(
                    f"einsum(): subscript {label} is repeated for operand {number} but the sizes don't match, {operand.shape[at]} != "
                    f"{operand.shape[first]}"
                )
            operand = movedim(diagonal(operand, 0, first, at), -1, first)
        else:
            place[label] = at
            at += 1
    for label in order:
        if label not in place:
            operand = unsqueeze(operand, -1)
            place[label] = at
            at += 1
    return permute(operand, tuple(place[label] for label in order))


def _dots_here(operand: Any, labels: Sequence[str], at: int) -> int:
    """The dimensions that the ellipsis stands for in this operand: what the subscripts after it leave."""
    return int(operand.ndim) - at - (len(labels) - 1 - list(labels).index(_DOTS))


def _check_sizes(operands: Sequence[Any], order: Sequence[str]) -> None:
    for d, label in enumerate(order):
        seen = 1
        for number, operand in enumerate(operands):
            size = operand.shape[d]
            if size == 1:
                continue
            if seen not in (1, size):
                name = "dimension covered by ellipsis" if label.startswith(".") else f"subscript {label}"
                raise RuntimeError(
                    f"einsum(): {name} has size {size} for operand {number} which does not broadcast with previously seen size {seen}"
                )
            seen = size


def _contracted(operands: list[Any], out_count: int) -> Any:
    """The operands multiplied from left to right; each dimension is summed as soon as nobody else needs it."""
    total = operands[0].ndim
    users = [sum(operand.shape[d] != 1 for operand in operands) for d in range(total)]
    several = len(operands) > 1
    while len(operands) > 1:
        a, b = operands[:2]
        now, only_a, only_b = [], [], []
        for d in range(out_count, total):
            if a.shape[d] != 1 and b.shape[d] != 1:
                users[d] -= 1
                if users[d] == 1:
                    now.append(d)
                    users[d] = 0
            elif users[d] == 1:
                if a.shape[d] != 1:
                    only_a.append(d)
                    users[d] = 0
                elif b.shape[d] != 1:
                    only_b.append(d)
                    users[d] = 0
        a = a.sum(only_a, keepdim=True) if only_a else a
        b = b.sum(only_b, keepdim=True) if only_b else b
        operands[:2] = [_pair(a, b, now)]
    result = operands[0]
    if total > out_count:
        if several:
            return view(result, result.shape[:out_count])
        return result.sum(tuple(range(out_count, total)))
    return result


def _pair(left: Any, right: Any, over: Sequence[int]) -> Any:
    """The product of two operands summed over some dimensions, which stay with size 1: one batched product."""
    if not over:
        return left * right
    both, mine, theirs = [], [], []
    sizes = {"both": 1, "mine": 1, "theirs": 1, "over": 1}
    for d in range(left.ndim):
        n, m = left.shape[d], right.shape[d]
        if d in over:
            sizes["over"] *= n
        elif n != 1 and m != 1:
            both.append(d)
            sizes["both"] *= n
        elif n != 1:
            mine.append(d)
            sizes["mine"] *= n
        else:
            theirs.append(d)
            sizes["theirs"] *= m
    shape = [left.shape[d] for d in (*both, *mine)] + [1] * len(over) + [right.shape[d] for d in theirs]
    one = reshape(permute(left, (*both, *mine, *over, *theirs)), (sizes["both"], sizes["mine"], sizes["over"]))
    two = reshape(permute(right, (*both, *over, *theirs, *mine)), (sizes["both"], sizes["over"], sizes["theirs"]))
    places = {d: i for i, d in enumerate((*both, *mine, *over, *theirs))}
    return permute(view(bmm(one, two), shape), tuple(places[d] for d in range(left.ndim)))


TORCH = {"einsum": einsum}
