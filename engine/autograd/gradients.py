"""``backward`` and ``grad``: check what the user asked for in PyTorch's words, then walk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..tensor import Tensor, wrap
from . import walk as _walk
from .grad_mode import mode
from .node import Edge, Node
from .walk import Walk


def _seeds(outputs: Sequence[Tensor], grads: Sequence[Tensor | None], batched: bool = False) -> list[Tensor]:
    made: list[Tensor] = []
    for number, (out, grad) in enumerate(zip(outputs, grads, strict=True)):
        if isinstance(grad, Tensor):
            shape = grad._data.shape[1:] if batched else grad._data.shape
            if shape != out._data.shape:
                if batched:
                    raise RuntimeError(
                        "If `is_grads_batched=True`, we interpret the first dimension of each grad_output as the batch dimension. "
                        f"The sizes of the remaining dimensions are expected to match the shape of corresponding output, but a "
                        f"mismatch was detected: grad_output[{number}] has a shape of {grad.shape} and output[{number}] has a "
                        f"shape of {out.shape}."
                    )
                raise RuntimeError(
                    f"Mismatch in shape: grad_output[{number}] has a shape of {grad.shape} and output[{number}] has a shape of {out.shape}."
                )
            if out.dtype.is_complex != grad.dtype.is_complex:
                raise RuntimeError(
                    "For complex Tensors, both grad_output and output are required to have the same dtype. Mismatch in dtype: "
                    f"grad_output[{number}] has a dtype of {grad.dtype} and output[{number}] has a dtype of {out.dtype}."
                )
            made.append(grad if grad.dtype is out.dtype else grad.to(out.dtype))
        elif grad is None:
            if out.requires_grad:
                if out._data.size != 1:
                    raise RuntimeError("grad can be implicitly created only for scalar outputs")
                if out.dtype.category != 2:
                    raise RuntimeError(f"grad can be implicitly created only for real scalar outputs but got {out.dtype}")
                made.append(wrap(out._xp.ones_like(out._data)))
            else:
                made.append(wrap(out._xp.ones_like(out._data)))
        else:
            raise TypeError("gradients can be either Tensors or None, but got " + type(grad).__name__)
    return made


def _roots(outputs: Sequence[Tensor]) -> list[Edge]:
    roots: list[Edge] = []
    for number, out in enumerate(outputs):
        edge = out._gradient_edge()
        if edge is None:
            raise RuntimeError(f"element {number} of tensors does not require grad and does not have a grad_fn")
        roots.append(edge)
    return roots


def _tuple(value: Any) -> tuple[Any, ...]:
    return (value,) if isinstance(value, Tensor) or value is None or hasattr(value, "node") else tuple(value)


def backward(
    tensors: Tensor | Sequence[Tensor],
    grad_tensors: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Any = None,
    inputs: Tensor | Sequence[Tensor] | None = None,
) -> None:
    """Compute the gradients of ``tensors`` and add them into the leaves' ``.grad``.

    grad_tensors: the vector of the vector-Jacobian product, one a tensor and of its shape; may be None for scalars.
    retain_graph: keep what is saved for another backward (default: as create_graph). create_graph: record the backward
    itself, for higher derivatives. inputs: add only into these.

    Raises RuntimeError, in PyTorch's words, where a gradient is needed for a non-scalar, a tensor requires none, shapes do
    not match, the graph was freed or a saved tensor was changed in place.
    """
    del grad_variables
    outputs = _tuple(tensors)
    if inputs is not None and len(_tuple(inputs)) == 0:
        raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
    if grad_tensors is None:
        grads: tuple[Any, ...] = (None,) * len(outputs)
    else:
        grads = _tuple(grad_tensors)
        if len(grads) != len(outputs):
            raise RuntimeError(f"got {len(outputs)} tensors and {len(grads)} gradients")
    seeds = _seeds(outputs, grads)
    keep = create_graph if retain_graph is None else retain_graph
    if create_graph:
        _walk.warn_create_graph()
    roots = _roots(outputs)
    wanted: list[Edge] | None = None
    if inputs is not None:
        wanted = []
        for number, tensor in enumerate(_tuple(inputs)):
            if not tensor.requires_grad:
                raise RuntimeError("One of the differentiated Tensors does not require grad")
            if not tensor.is_leaf:
                tensor.retain_grad()
            edge = tensor._gradient_edge()
            assert edge is not None, number
            wanted.append(edge)
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
) -> tuple[Any, ...]:
    """The gradients of ``outputs`` with respect to ``inputs``, a tuple with one of each input's shape; ``.grad`` is untouched.

    allow_unused: None instead of an error for an input that no output depends on; materialize_grads: zeros instead.
    is_grads_batched: grad_outputs have a leading dimension, and so have the results.

    Raises RuntimeError as ``backward`` does, and for unused inputs unless allowed.
    """
    del only_inputs
    if materialize_grads and allow_unused is False:
        raise ValueError("Expected allow_unused to be True or not passed when materialize_grads=True, but got: allow_unused=False.")
    if allow_unused is None:
        allow_unused = materialize_grads
    outs, ins = _tuple(outputs), _tuple(inputs)
    grads = (None,) * len(outs) if grad_outputs is None else _tuple(grad_outputs)
    if len(grads) != len(outs):
        raise RuntimeError(f"got {len(outs)} tensors and {len(grads)} gradients")
    keep = create_graph if retain_graph is None else retain_graph
    if is_grads_batched:
        checked = _seeds(outs, grads, batched=True)
        count = checked[0]._data.shape[0]
        rows = [
            grad(outs, ins, [s[i] for s in checked], keep or i + 1 < count, create_graph, True, allow_unused, False, materialize_grads)
            for i in range(count)
        ]
        columns = zip(*rows, strict=True)
        return tuple(None if c[0] is None else c[0].stack(c) for c in columns)
    seeds = _seeds(outs, grads)
    roots = _roots(outs)
    wanted: list[Edge | None] = []
    for tensor in ins:
        edge = tensor._gradient_edge() if isinstance(tensor, Tensor) else (tensor.node, tensor.output_nr)
        if edge is None:
            raise RuntimeError("One of the differentiated Tensors does not require grad")
        wanted.append(edge)
    walk = Walk(roots, seeds, keep_graph=keep, create_graph=create_graph, inputs=[e for e in wanted if e is not None], accumulate=False)
    _walk.run(walk)
    results: list[Tensor | None] = []
    for tensor, edge in zip(ins, wanted, strict=True):
        assert edge is not None
        found = walk.captured(*edge)
        if found is None:
            if not allow_unused:
                raise RuntimeError(
                    "One of the differentiated Tensors appears to not have been used in the graph. Set allow_unused=True if this "
                    "is the desired behavior."
                )
            if materialize_grads:
                found = wrap(tensor._xp.zeros_like(tensor._data))
        results.append(found)
    return tuple(results)


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
