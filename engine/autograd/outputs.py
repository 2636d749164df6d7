"""What becomes of the tensors that a user's Function gives: they leave its node, inputs among them are given as views or rebased,
and what it asked to keep is kept."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from ..inplace import rebase
from ..tensor import Tensor, ViewOf, wrap
from .node import Edge
from .saved import SavedTensor


def tie(node: Any, given: Sequence[Any], inputs: Sequence[Tensor], edges: list[Edge | None], recording: bool, apart: bool) -> list[Any]:
    """The outputs as the rest of the graph sees them, and ``node`` (the Function's ctx) made their node where ``recording``.

    apart: forward and setup_context are two. Raises RuntimeError where what was marked dirty was not returned or may not be changed.
    """
    dirty = _marked(node.dirty_tensors, "mark_dirty")
    for t in node.dirty_tensors:
        t._bump()
    plain = _marked(node.non_differentiable, "mark_non_differentiable")
    is_input = {id(t) for t in inputs}
    kept = {id(t) for t in node.to_save}
    node.next_edges = tuple(edges) if recording else ()
    slots: list[Any] = [None] * len(given)
    outs = list(given)
    tied: list[tuple[int, Tensor]] = []
    for i, out in enumerate(given):
        if not isinstance(out, Tensor):
            continue
        differentiable = recording and id(out) not in plain and out.dtype.category >= 2
        if not differentiable:
            outs[i] = _apart_from_graph(out, id(out) in is_input, id(out) in dirty)
        elif id(out) in dirty:
            _check_dirty(out, id(out) in is_input, len(given))
        elif id(out) in is_input:
            if apart and id(out) in kept:
                raise RuntimeError(
                    "A input that has been returned as-is as output is being saved for backward. This is not supported if you override "
                    "setup_context. You should return and save a view of the input instead, e.g. with x.view_as(x) or setup ctx inside the "
                    "forward function itself."
                )
            outs[i] = _view_of_itself(out)
        if differentiable:
            slots[i] = outs[i]._slot()
            tied.append((i, outs[i]))
    node.slots = tuple(slots)
    node.outputs = tuple(o._slot() if isinstance(o, Tensor) else None for o in outs)
    returned = {id(o) for o in given}
    if any(t not in returned for t in dirty):
        raise RuntimeError(
            "Some elements marked as dirty during the forward method were not returned as output. The inputs that are modified inplace "
            "must all be outputs of the Function."
        )
    for i, out in tied:
        if id(out) in dirty and out._base is not None:
            rebase(out, node)
        else:
            out._edge, out._output, out._requires_grad = node, i, True
    for out in outs:
        if isinstance(out, Tensor) and out._view is not None and id(out) not in dirty:
            out._view = ViewOf(out._view.op, out._storage.version, len(tied) > 1, False, len(tied) <= 1)
    _keep(node, recording)
    node.to_save = node.dirty_tensors = node.non_differentiable = ()
    return outs


def _marked(tensors: Sequence[Any], function: str) -> set[int]:
    for i, t in enumerate(tensors):
        if not isinstance(t, Tensor):
            raise RuntimeError(f"{function} can only accept variables, but argument {i} is of type {type(t).__name__}")
    return {id(t) for t in tensors}


def _view_of_itself(tensor: Tensor) -> Tensor:
    alias = wrap(tensor._data.view())
    alias._cell, alias._base = tensor._storage, tensor._base if tensor._base is not None else tensor
    alias._view = ViewOf("view_as", tensor._storage.version, False, True)
    return alias


def _apart_from_graph(out: Tensor, is_input: bool, is_dirty: bool) -> Tensor:
    """An output without gradient: an input is not changed but given as another tensor of the same memory."""
    if not out._requires_grad:
        return _view_of_itself(out) if is_input and not is_dirty else out
    if is_input:
        return out.detach()
    if out._base is None:
        out.detach_()
    return out


def _check_dirty(out: Tensor, is_input: bool, count: int) -> None:
    if out._edge is None and out._requires_grad:
        raise RuntimeError("a leaf Variable that requires grad has been used in an in-place operation.")
    if not is_input:
        warnings.warn(
            "ctx.mark_dirty() received a tensor that was not an input. Only input Tensors that have been mutated should be passed to "
            "ctx.mark_dirty().",
            UserWarning,
            stacklevel=4,
        )
    if out._base is not None and count > 1:
        raise RuntimeError(
            "If your Function modifies inplace an input that is a view of another Tensor, your Function cannot return more than one "
            "Tensor. This is not supported by the current autograd engine. You should either make sure the input is not a view (using "
            ".clone() for example) or make your Function only return one Tensor (potentially splitting it into two Functions: one doing "
            "the inplace that returns a single Tensor and a second one that does the other operations). You can ask on the forum "
            "https://discuss.pytorch.org/ if you need help to do this change."
        )


def _keep(node: Any, recording: bool) -> None:
    """Keep what ``save_for_backward`` was given; the node's own outputs without their node, which would make a circle."""
    for i, t in enumerate(node.to_save):
        if t is not None and not isinstance(t, Tensor):
            raise TypeError(f"save_for_backward can only save variables, but argument {i} is of type {type(t).__name__}")
    if not recording:
        return
    kept: list[SavedTensor | None] = []
    for t in node.to_save:
        own = t is not None and t._edge is node
        kept.append(None if t is None else SavedTensor(t, t._output if own else None))
    node._saved = tuple(kept)
