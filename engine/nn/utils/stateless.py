"""A module called with other parameters and buffers than its own, under the name of ``torch.func.functional_call``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from ...tensor import Tensor
from ..module import Module

__all__ = ["functional_call"]


def functional_call(
    module: Module,
    parameter_and_buffer_dicts: Mapping[str, Tensor] | Sequence[Mapping[str, Tensor]],
    args: Any = None,
    kwargs: Mapping[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """What ``module(*args, **kwargs)`` gives with the named parameters and buffers in place of its own; the module is unchanged.

    parameter_and_buffer_dicts: tensors by name, or several such dicts with different names. tie_weights: a tensor that
    stands under several names is replaced under all of them. strict: all names must be given, and no others.

    Raises ValueError for a name in two dicts, and for two values of one tied tensor; RuntimeError where ``strict`` fails.
    """
    if isinstance(parameter_and_buffer_dicts, Mapping):
        given = dict(parameter_and_buffer_dicts)
    elif isinstance(parameter_and_buffer_dicts, Sequence):
        if not all(isinstance(d, Mapping) for d in parameter_and_buffer_dicts):
            raise ValueError("Expected all elements of parameter_and_buffer_dicts to be dictionaries")
        names = [name for d in parameter_and_buffer_dicts for name in d]
        twice = list(dict.fromkeys(name for name in names if names.count(name) > 1))
        if twice:
            raise ValueError(f"{twice} appeared in multiple dictionaries; behavior of functional call is ambiguous")
        given = {name: t for d in parameter_and_buffer_dicts for name, t in d.items()}
    else:
        raise ValueError(
            "Expected parameter_and_buffer_dicts to be a dict, or a list/tuple of dicts, but got " + str(type(parameter_and_buffer_dicts))
        )
    arguments: tuple[Any, ...] = () if args is None else args if isinstance(args, tuple) else (args,)
    with _replaced(module, given, tie_weights, strict):
        return module(*arguments, **(kwargs or {}))


def _places(module: Module) -> dict[str, tuple[dict[str, Any], str]]:
    """For each name of a parameter or buffer the dict that it stands in, and its key there."""
    found: dict[str, tuple[dict[str, Any], str]] = {}
    for prefix, part in module.named_modules(remove_duplicate=False):
        for table in (part._parameters, part._buffers):
            for key in table:
                found[f"{prefix}.{key}" if prefix else key] = (table, key)
    return found


@contextmanager
def _replaced(module: Module, given: dict[str, Tensor], tie_weights: bool, strict: bool) -> Iterator[None]:
    places = _places(module)
    if tie_weights:
        given = _tied(places, given)
    if strict:
        wrong = []
        unexpected, missing = sorted(set(given) - set(places)), sorted(set(places) - set(given))
        if unexpected:
            wrong.append("Unexpected key(s): " + ", ".join(map(repr, unexpected)) + ".")
        if missing:
            wrong.append("Missing key(s): " + ", ".join(map(repr, missing)) + ".")
        if wrong:
            raise RuntimeError(f"Error(s) in reparametrizing for {type(module).__name__}:\n\t" + "\n\t".join(wrong))
    before = []
    for name, tensor in given.items():
        if name in places:
            table, key = places[name]
            before.append((table, key, table[key]))
            table[key] = tensor
    try:
        yield
    finally:
        for table, key, own in reversed(before):
            table[key] = own


def _tied(places: dict[str, tuple[dict[str, Any], str]], given: dict[str, Tensor]) -> dict[str, Tensor]:
    """``given`` with what stands for one name of a tensor also under its other names."""
    together: dict[int, list[str]] = {}
    for name, (table, key) in places.items():
        if table[key] is not None:
            together.setdefault(id(table[key]), []).append(name)
    made = dict(given)
    for names in together.values():
        values = [given[name] for name in names if name in given]
        if len(names) < 2 or not values:
            continue
        if any(v is not values[0] for v in values):
            raise ValueError(
                f"functional_call got multiple values for keys {sorted(n for n in names if n in given)}, which are tied. Consider using "
                "tie_weights=False"
            )
        made.update(dict.fromkeys(names, values[0]))
    return made
