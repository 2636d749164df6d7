"""``Function``: a differentiable function whose forward and backward the user writes."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

from ..tape import recorder
from ..tape.schema import NodeKind
from ..tensor import Tensor, view_of, wrap
from .grad_mode import mode, no_grad
from .node import Edge, Node
from .saved import SavedTensor


class FunctionCtx(Node):
    """The ``ctx`` of a user's Function, which is also its backward node."""

    kind = NodeKind.CUSTOM
    _function: type[Function]

    def __init__(self) -> None:
        super().__init__((), ())
        self._to_save: tuple[Any, ...] = ()
        self._saved: tuple[Any, ...] | None = ()
        self._dirty: tuple[Any, ...] = ()
        self._non_differentiable: tuple[Any, ...] = ()
        self.materialize_grads = True
        self.needs_input_grad: tuple[bool, ...] = ()

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep tensors for backward, where they are ``ctx.saved_tensors``. Only inputs and outputs should be kept so."""
        for i, t in enumerate(tensors):
            if t is not None and not isinstance(t, Tensor):
                raise TypeError(f"save_for_backward can only save variables, but argument {i} is of type {type(t).__name__}")
        self._to_save = tensors

    def save_for_forward(self, *tensors: Tensor | None) -> None:
        """Keep tensors for a forward-mode rule."""
        self._to_save_forward = tensors

    def mark_dirty(self, *tensors: Tensor) -> None:
        """Say which inputs forward changed in place; they must be among the outputs."""
        self._dirty = tensors

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """Say which outputs have no gradient."""
        self._non_differentiable = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """False: undefined gradients reach backward as None instead of zeros."""
        self.materialize_grads = value

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What ``save_for_backward`` kept.

        Raises RuntimeError after it was freed, and where a kept tensor was changed in place.
        """
        if self._saved is None:
            raise RuntimeError(
                "Trying to backward through the graph a second time (or directly access saved tensors after they have already "
                "been freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). "
                "Specify retain_graph=True if you need to backward through the graph a second time or if you need to access "
                "saved tensors after calling backward."
            )
        if self._saved == () and self._to_save:
            return self._to_save  # still inside forward
        return tuple(None if kept is None else kept.unpack(self) for kept in self._saved)

    def name(self) -> str:
        return type(self).__name__

    def apply(self, grads: tuple[Any, ...]) -> Sequence[Any]:
        """Call the user's backward; the gradients for tensors that are no inputs of the graph are dropped."""
        user = self._function
        if self.materialize_grads:
            grads = tuple(
                wrap(_module(self, i).zeros(self.slots[i][0], self.slots[i][1].numpy)) if g is None and self.slots[i] is not None else g  # type: ignore[index]
                for i, g in enumerate(grads)
            )
        if user.backward is not Function.backward and user.vjp is not Function.vjp:
            raise RuntimeError(
                "Implementing both 'backward' and 'vjp' for a custom Function is not allowed. You should only implement one of them."
            )
        rule = user.vjp if user.vjp is not Function.vjp else user.backward
        result = rule(self, *grads)
        if not isinstance(result, (tuple, list)):
            result = (result,)
        expected = len(self.needs_input_grad)
        if len(result) > expected and all(r is None for r in result[expected:]):
            result = result[:expected]
        if len(result) != expected:
            raise RuntimeError(f"function {self.name()} returned an incorrect number of gradients (expected {expected}, got {len(result)})")
        outs: list[Any] = []
        for position, edge in zip(self._tensor_arguments, self.next_edges, strict=True):
            got = result[position]
            if got is not None and not isinstance(got, Tensor):
                raise TypeError(f"expected Variable or None (got {type(got).__name__})")
            outs.append(got if edge is not None else None)
        for position, got in enumerate(result):
            if got is not None and position not in self._tensor_arguments:
                raise RuntimeError(
                    f"function {self.name()} returned a gradient different from None at position {position + 1}, but the "
                    "corresponding forward input was not a Variable"
                )
        return outs

    def release(self) -> Any:
        released, self._saved = self._saved, None
        return released

    def restore(self, released: Any) -> None:
        self._saved = released

    def saved_entries(self) -> Iterable[tuple[str, Any]]:
        for i, kept in enumerate(self._saved or ()):
            if kept is not None:
                yield f"saved_tensors[{i}]", kept.peek(self)

    _tensor_arguments: tuple[int, ...] = ()


def _module(node: FunctionCtx, slot: int) -> Any:
    from ..devices import array_module

    described = node.slots[slot]
    assert described is not None
    return array_module(described[2])


class Function:
    """Base of user-defined differentiable functions.

    Write ``forward(ctx, *args)`` and ``backward(ctx, *grad_outputs)`` as static methods (or ``forward(*args)`` with
    ``setup_context(ctx, inputs, output)``), and call ``MyFunction.apply(*args)``.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise RuntimeError(
            f"{type(self)} should not be instantiated. Methods on autograd functions are all static, so you should invoke them on "
            "the class itself. Instantiating an autograd function will raise an error in a future version of PyTorch."
        )

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Compute the outputs; recording is off inside."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        """Keep on ``ctx`` what backward needs, where ``forward`` has no ``ctx``."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """The gradients for forward's arguments, None for those that take none."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom autograd.Function to use it with backward mode AD."
        )

    @staticmethod
    def vjp(ctx: Any, *grad_outputs: Any) -> Any:
        """Another name for ``backward``."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom autograd.Function to use it with backward mode AD."
        )

    @staticmethod
    def jvp(ctx: Any, *grad_inputs: Any) -> Any:
        """The forward-mode rule."""
        raise NotImplementedError("You must implement the jvp function for custom autograd.Function to use it with forward mode AD.")

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Run forward and, where a tensor argument requires grad, put a node for backward into the graph."""
        started = recorder.current.clock() if recorder.current is not None else 0.0
        ctx = _context_class(cast(Any, cls))()
        tensors = [a for a in args if isinstance(a, Tensor)]
        ctx._tensor_arguments = tuple(i for i, a in enumerate(args) if isinstance(a, Tensor))
        needs = tuple(isinstance(a, Tensor) and a.requires_grad for a in args)
        ctx.needs_input_grad = needs
        recording = mode.enabled and any(needs)
        edges: list[Edge | None] = [t._gradient_edge() if recording else None for t in tensors]
        old_versions = {id(t): t._version for t in tensors}
        with no_grad():
            if cls.setup_context is not Function.setup_context:
                bound = args
                if kwargs:
                    arguments = inspect.signature(cls.forward).bind(*args, **kwargs)
                    arguments.apply_defaults()
                    bound = arguments.args
                result = cls.forward(*bound)
                cls.setup_context(ctx, bound, result)
            else:
                result = cls.forward(ctx, *args, **kwargs)
        several = isinstance(result, (tuple, list))
        outs = list(result) if several else [result]
        for i, out in enumerate(outs):
            if not isinstance(out, Tensor) and (out is not None or not several):
                if several:
                    continue
                raise TypeError(f"{cls.__name__}.forward: expected to return Tensor or tuple of Tensors (got {type(out).__name__} at {i})")
        _tie(ctx, outs, tensors, edges, recording, old_versions)
        if recorder.current is not None:
            made = [o for o in outs if isinstance(o, Tensor)]
            recorder.current.op(cls.__name__, tensors, made, ctx if recording else None, {}, started)
        return tuple(outs) if several else outs[0]


def _tie(
    self: FunctionCtx,
    outs: list[Any],
    tensors: list[Tensor],
    edges: list[Edge | None],
    recording: bool,
    old_versions: dict[int, int],
) -> None:
    """Make the outputs of forward what the rest of the graph sees: aliases of inputs are views, dirty inputs are rebased."""
    dirty = {id(t) for t in self._dirty}
    plain = {id(t) for t in self._non_differentiable}
    inputs = {id(t): t for t in tensors}
    for t in self._dirty:
        if id(t) not in {id(o) for o in outs}:
            raise RuntimeError(
                "Some elements marked as dirty during the forward method were not returned as output. The inputs that are "
                "modified inplace must all be outputs of the Function."
            )
        if recording and t.is_leaf and t._requires_grad:
            raise RuntimeError("a leaf Variable that requires grad is being used in an in-place operation.")
        if t._version == old_versions.get(id(t), -1):
            t._bump()
    originals = list(outs)
    for i, out in enumerate(outs):
        if isinstance(out, Tensor) and id(out) in inputs and id(out) not in dirty:
            alias = wrap(out._data.view())  # an input returned as it is: a view of it
            alias._cell, alias._base = out._storage, out._base if out._base is not None else out
            alias._view = view_of(out, self.name(), False)
            outs[i] = alias
    if not recording:
        self._saved = None
        self._to_save = ()
        return
    tensor_outs = [(i, o) for i, o in enumerate(outs) if isinstance(o, Tensor)]
    tied = [(i, o) for i, o in tensor_outs if id(originals[i]) not in plain and o.dtype.category >= 2]
    positions = {i for i, _ in tied}
    self.next_edges = tuple(edges)
    self.slots = tuple(o._slot() if i in positions else None for i, o in enumerate(outs)) if outs else ()
    for i, out in tied:
        out._edge, out._output, out._requires_grad = self, i, True
        if out._view is not None:
            out._view.version = out._storage.version
    for i, out in tensor_outs:
        if i not in positions and id(out) not in inputs:
            out._requires_grad, out._edge = False, None
    places = {id(o): i for i, o in enumerate(originals)}
    kept: list[Any] = []
    for t in self._to_save:
        if t is None:
            kept.append(None)
        elif id(t) in places and (id(t) not in inputs or id(t) in dirty):
            kept.append(SavedTensor(t, places[id(t)]))
        else:
            kept.append(SavedTensor(t))
    self._saved = tuple(kept)
    self._to_save = ()


@functools.cache
def _context_class(function: Any) -> Any:
    return type(f"{function.__name__}Backward", (FunctionCtx,), {"_function": function, "__doc__": function.__doc__})


def once_differentiable(rule: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator for a backward that is not differentiable itself: a second derivative through it raises RuntimeError."""

    @functools.wraps(rule)
    def wrapper(ctx: Any, *grads: Any) -> Any:
        with no_grad():
            outs = rule(ctx, *grads)
        if not mode.enabled or not any(isinstance(g, Tensor) and g.requires_grad for g in grads):
            return outs
        several = isinstance(outs, tuple)
        blocked = [_blocked(o) for o in (outs if several else (outs,))]
        return tuple(blocked) if several else blocked[0]

    return wrapper


class _Refusing(Node):
    """The node behind gradients that cannot be differentiated again."""

    def name(self) -> str:
        return "torch::autograd::Error"

    def apply(self, grads: tuple[Any, ...]) -> Sequence[Any]:
        raise RuntimeError("trying to differentiate twice a function that was marked with @once_differentiable")


def _blocked(out: Any) -> Any:
    if not isinstance(out, Tensor):
        return out
    alias = out.detach()
    alias._edge, alias._output, alias._requires_grad = _Refusing((), (alias._slot(),)), 0, True
    return alias
