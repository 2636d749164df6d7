"""``backward`` and ``grad``: check what the user asked for in PyTorch's words, then walk."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from .. import shortage
from ..devices import array_module
from ..tensor import Size, Tensor, wrap
from . import levels as _levels
from . import walk as _walk
from .grad_mode import mode
from .levels import VmapLevel
from .node import Edge, Node
from .walk import Walk

Slot = tuple[tuple[int, ...], Any, Any]  # shape, dtype and device


def _slot(place: Any) -> Slot:
    slot: Slot = place._slot() if isinstance(place, Tensor) else place.node.slots[place.output_nr]
    return slot


def _seeds(outputs: Sequence[Any], grads: Sequence[Any], batched: bool = False) -> list[Tensor | None]:
    """The gradients that the pass begins with: those given, ones for scalars."""
    made: list[Tensor | None] = []
    for number, (out, grad) in enumerate(zip(outputs, grads, strict=False)):
        shape, kind, place = _slot(out)
        if isinstance(grad, Tensor):
            if batched and not isinstance(out, Tensor):
                raise RuntimeError("Batched grads are not supported with GradientEdge")
            given = grad._data.shape[1:] if batched else grad._data.shape
            if given != shape:
                sizes = f"grad_output[{number}] has a shape of {Size(given)} and output[{number}] has a shape of {Size(shape)}."
                if batched:
                    raise RuntimeError(
                        "If `is_grads_batched=True`, we interpret the first dimension of each grad_output as the batch dimension. "
                        "The sizes of the remaining dimensions are expected to match the shape of corresponding output, but a "
                        f"mismatch was detected: {sizes} If you only want some tensors in `grad_output` to be considered batched, consider "
                        "using vmap."
                    )
                raise RuntimeError(f"Mismatch in shape: {sizes}")
            if kind.is_complex != grad.dtype.is_complex:
                raise RuntimeError(
                    "For complex Tensors, both grad_output and output are required to have the same dtype. Mismatch in dtype: "
                    f"grad_output[{number}] has a dtype of {grad.dtype} and output[{number}] has a dtype of {kind}."
                )
            if grad.device != place:
                raise RuntimeError(f"invalid gradient at index {number} - expected device {place} but got {grad.device}")
            made.append(grad if grad.dtype is kind else grad.to(kind))
        elif grad is not None:
            raise TypeError("gradients can be either Tensors or None, but got " + type(grad).__name__)
        elif isinstance(out, Tensor) and not out.requires_grad:
            made.append(None)
        else:
            if shape != () and any(n != 1 for n in shape):
                raise RuntimeError("grad can be implicitly created only for scalar outputs")
            if not kind.is_floating_point:
                raise RuntimeError(f"grad can be implicitly created only for real scalar outputs but got {kind}")
            try:
                xp = array_module(place)
                made.append(wrap(xp.ones(shape, kind.numpy) if shape else xp.asarray(1, kind.numpy)))
            except MemoryError as error:
                raise shortage.named(error, place) from error
    return made


def _roots(outputs: Sequence[Any], seeds: Sequence[Tensor | None]) -> list[Edge]:
    roots: list[Edge] = []
    for number, (out, seed) in enumerate(zip(outputs, seeds, strict=False)):
        edge = out._gradient_edge() if isinstance(out, Tensor) else (out.node, out.output_nr)
        if edge is None:
            raise RuntimeError(f"element {number} of tensors does not require grad and does not have a grad_fn")
        assert seed is not None  # made for whatever requires grad
        roots.append(edge)
    if len(outputs) != len(seeds):
        raise RuntimeError(f"got {len(outputs)} tensors and {len(seeds)} gradients")
    return roots


def _wanted(inputs: Sequence[Any], accumulate: bool) -> list[Edge]:
    """Where the gradients arrive that the user asked for."""
    edges: list[Edge] = []
    for one in inputs:
        if isinstance(one, Tensor):
            if accumulate:
                one.retain_grad()
            edge = one._gradient_edge()
            if edge is None:
                raise RuntimeError("One of the differentiated Tensors does not require grad")
        elif isinstance(getattr(one, "node", None), Node):
            edge = (one.node, one.output_nr)
        else:
            raise RuntimeError(f"all inputs have to be Tensors or GradientEdges, but got {type(one).__name__}")
        edges.append(edge)
    return edges


def _tuple(value: Any) -> tuple[Any, ...]:
    """One tensor or gradient edge, or a sequence of them, as a tuple; of a dict its values."""
    if isinstance(value, Tensor) or isinstance(getattr(value, "node", None), Node):
        return (value,)
    return tuple(value.values()) if type(value) is dict else tuple(value)


def backward(
    tensors: Any,
    grad_tensors: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Tensor | Sequence[Tensor | None] | None = None,
    inputs: Any = None,
) -> None:
    """Compute the gradients of ``tensors`` and add them into the leaves' ``.grad``.

    tensors and inputs may be gradient edges too (``graph.get_gradient_edge``).
    grad_tensors: the vector of the vector-Jacobian product, one a tensor and of its shape; may be None for scalars.
    retain_graph: keep what is saved for another backward (default: as create_graph). create_graph: record the backward
    itself, for higher derivatives. inputs: add only into these.

    Raises RuntimeError, in PyTorch's words, where a gradient is needed for a non-scalar, a tensor requires none, shapes do
    not match, the graph was freed or a saved tensor was changed in place.
    """
    if mode.transforms and _levels.in_transform():
        raise RuntimeError(
            "backward() called inside a functorch transform. This is not supported, please use functorch.grad or functorch.vjp instead or "
            "call backward() outside of functorch transforms."
        )
    if grad_variables is not None:
        warnings.warn("`grad_variables` is deprecated. Use `grad_tensors` instead.", FutureWarning, stacklevel=2)
        if grad_tensors is not None:
            raise RuntimeError(
                "`grad_tensors` and `grad_variables` (deprecated) arguments both passed to `backward()`. Please only use `grad_tensors`."
            )
        grad_tensors = grad_variables
    targets = None
    if inputs is not None:
        if isinstance(inputs, Mapping) and type(inputs) is not dict:
            raise TypeError(
                f"`inputs` argument to `backward()` must be a dict, not {type(inputs).__name__}. Other Mapping types are not supported."
            )
        targets = _tuple(inputs)
        if not targets:
            raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
    outputs = _tuple(tensors)
    seeds = _seeds(outputs, (None,) * len(outputs) if grad_tensors is None else _tuple(grad_tensors))
    keep = create_graph if retain_graph is None else retain_graph
    roots = _roots(outputs, seeds)
    wanted = None if targets is None else _wanted(targets, accumulate=True)
    if create_graph:
        _walk.warn_create_graph()
    _walk.run(Walk(roots, seeds, keep_graph=keep, create_graph=create_graph, inputs=wanted))


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> Any:
    """The gradients of ``outputs`` with respect to ``inputs``, a tuple with one of each input's shape (a dict where ``inputs`` is one);
    ``.grad`` is untouched. Outputs and inputs may be gradient edges too (``graph.get_gradient_edge``).

    allow_unused: None instead of an error for an input that no output depends on; materialize_grads: zeros instead.
    is_grads_batched: grad_outputs have a leading dimension, and so have the results.

    Raises RuntimeError as ``backward`` does, and for unused inputs unless allowed.
    """
    if materialize_grads and allow_unused is False:
        raise ValueError("Expected allow_unused to be True or not passed when materialize_grads=True, but got: allow_unused=False.")
    if allow_unused is None:
        allow_unused = materialize_grads
    if not only_inputs:
        warnings.warn(
            "only_inputs argument is deprecated and is ignored now (defaults to True). To accumulate gradient for other parts of the "
            "graph, please use torch.autograd.backward.",
            FutureWarning,
            stacklevel=2,
        )
    outs, ins = _tuple(outputs), _tuple(inputs)
    seeds = _seeds(outs, (None,) * len(outs) if grad_outputs is None else _tuple(grad_outputs), is_grads_batched)
    keep = create_graph if retain_graph is None else retain_graph
    if is_grads_batched:
        level = VmapLevel(max(s._data.shape[0] for s in seeds if s is not None))
        with _levels.inside(level):
            mapped = [None if s is None else _levels.batched(s, True, level) for s in seeds]
            found = _gradients(outs, ins, mapped, keep, create_graph, allow_unused)
            found = tuple(None if f is None else _levels.full(f, level) for f in found)
    else:
        found = _gradients(outs, ins, seeds, keep, create_graph, allow_unused)
    if materialize_grads:
        if any(f is None and not isinstance(t, Tensor) for f, t in zip(found, ins, strict=True)):
            raise RuntimeError("materialize_grads cannot be used when the given input is a GradientEdge")
        found = tuple(
            wrap(t._xp.zeros_like(t._data)).requires_grad_(create_graph) if f is None else f for f, t in zip(found, ins, strict=True)
        )
    return dict(zip(inputs, found, strict=True)) if type(inputs) is dict else found


def _gradients(
    outs: Sequence[Any], ins: Sequence[Any], seeds: Sequence[Tensor | None], keep: bool, create_graph: bool, allow_unused: bool
) -> tuple[Tensor | None, ...]:
    roots, wanted = _roots(outs, seeds), _wanted(ins, accumulate=False)
    walk = Walk(roots, seeds, keep_graph=keep, create_graph=create_graph, inputs=wanted, accumulate=False)
    _walk.run(walk)
    found = tuple(walk.captured(*edge) for edge in wanted)
    index = next((i for i, f in enumerate(found) if f is None), None)
    if index is not None and not allow_unused:
        raise RuntimeError(
            f"The differentiated Tensor at index {index} appears to not have been used in the graph. Set allow_unused=True if this is the "
            "desired behavior."
        )
    return found


def tensor_backward(
    self: Tensor,
    gradient: Tensor | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Tensor | Sequence[Tensor] | None = None,
) -> None:
    """Compute the gradients of this tensor with respect to the leaves and add them into their ``.grad``.

    gradient: the gradient of the whole with respect to this tensor, of its shape; may be left out for a scalar. The other
    arguments and the errors are those of ``torch.autograd.backward``.
    """
    backward(self, gradient, retain_graph, create_graph, inputs=inputs)


__all__ = ["Node", "backward", "grad", "mode"]
