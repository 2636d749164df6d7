"""``Function``: a differentiable function whose forward and backward the user writes."""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

from ..devices import array_module
from ..tape import recorder
from ..tape.schema import NodeKind
from ..tensor import Tensor, wrap
from .custom import applied, check_form
from .grad_mode import mode, no_grad
from .node import Edge, Node
from .outputs import tie
from .saved import FREED


class FunctionCtx(Node):
    """The ``ctx`` of a user's Function, which is also its backward node."""

    kind = NodeKind.CUSTOM
    _function: type[Function]
    _tensor_arguments: tuple[int, ...] = ()

    def __init__(self) -> None:
        super().__init__((), ())
        self.to_save: tuple[Any, ...] = ()
        self._saved: tuple[Any, ...] | None = ()
        self.dirty_tensors: tuple[Any, ...] = ()
        self.non_differentiable: tuple[Any, ...] = ()
        self.materialize_grads = True
        self.outputs: tuple[Any, ...] = ()  # shape, dtype and device of each that is a tensor
        self.needs_input_grad: tuple[bool, ...] = ()
        self.saved_for_forward: tuple[Any, ...] = ()
        self.in_jvp = False
        self._seen = False

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep tensors for backward, where they are ``ctx.saved_tensors``. Only inputs and outputs should be kept so."""
        self.to_save = tensors

    def save_for_forward(self, *tensors: Tensor | None) -> None:
        """Keep tensors for a forward-mode rule."""
        self.saved_for_forward = tensors

    def mark_dirty(self, *args: Tensor) -> None:
        """Say which inputs forward changed in place; they must be among the outputs."""
        self.dirty_tensors = args

    def mark_shared_storage(self, *pairs: Any) -> None:
        """Nothing to do: what shares memory is known."""

    def mark_non_differentiable(self, *args: Tensor) -> None:
        """Say which outputs have no gradient."""
        self.non_differentiable = args

    def set_materialize_grads(self, value: bool) -> None:
        """False: undefined gradients reach backward as None instead of zeros."""
        self.materialize_grads = value

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What ``save_for_backward`` kept; in ``jvp`` what ``save_for_forward`` did.

        Raises RuntimeError after it was freed, and where a kept tensor was changed in place.
        """
        if self.in_jvp:
            return self.saved_for_forward
        if self._seen:
            raise RuntimeError(
                "saved_tensors can only be accessed once when clear_saved_tensors_on_access=True is set on the autograd.Function. Either "
                "access saved_tensors only once, or set clear_saved_tensors_on_access=False."
            )
        if self._saved is None:
            raise RuntimeError(FREED)
        found = tuple(None if kept is None else kept.unpack(self) for kept in self._saved)
        if self._function.clear_saved_tensors_on_access:
            self._saved, self._seen = None, True
        return found

    @property
    def _raw_saved_tensors(self) -> tuple[Any, ...]:
        if self._saved is None:
            raise RuntimeError(FREED)
        return self._saved

    def name(self) -> str:
        return type(self).__name__

    def apply(self, grads: tuple[Any, ...], edges: Sequence[Edge | None] | None = None) -> Sequence[Any]:
        """Call the user's backward; the gradients for tensors that are no inputs of the graph are dropped."""
        user = self._function
        if self.materialize_grads:
            grads = tuple(self._zeros(i) if g is None else g for i, g in enumerate(grads))
        if user.backward is not Function.backward and user.vjp is not Function.vjp:
            raise RuntimeError(
                "Implementing both 'backward' and 'vjp' for a custom Function is not allowed. You should only implement one of them."
            )
        rule = user.vjp if user.vjp is not Function.vjp else user.backward
        result = rule(self, list(grads)) if user.boxed_grads_call else rule(self, *grads)
        if not isinstance(result, tuple):
            result = (result,)
        expected = len(self.needs_input_grad)
        if len(result) > expected and all(r is None for r in result[expected:]):
            result = result[:expected]
        if len(result) != expected:
            raise RuntimeError(f"function {self.name()} returned an incorrect number of gradients (expected {expected}, got {len(result)})")
        for position, got in enumerate(result):
            if got is None or position in self._tensor_arguments:
                if got is not None and not isinstance(got, Tensor):
                    raise RuntimeError(f"expected Variable or None (got {type(got).__name__})")
                continue
            raise RuntimeError(
                f"function {self.name()} returned a gradient different than None at position {position + 1}, but the "
                "corresponding forward input was not a Variable"
            )
        return [
            result[position] if edge is not None else None for position, edge in zip(self._tensor_arguments, self.next_edges, strict=True)
        ]

    def _zeros(self, slot: int) -> Any:
        described = self.outputs[slot]
        if described is None:
            return None
        shape, kind, place = described
        return wrap(array_module(place).zeros(shape, kind.numpy))

    def release(self) -> Any:
        released, self._saved = self._saved, None
        return released

    def restore(self, released: Any) -> None:
        self._saved = released

    def saved_entries(self) -> Iterable[tuple[str, Any]]:
        for i, kept in enumerate(self._saved or ()):
            if kept is not None:
                yield f"saved_tensors[{i}]", kept.peek(self)


class Function:
    """Base of user-defined differentiable functions.

    Write ``forward(ctx, *args)`` and ``backward(ctx, *grad_outputs)`` as static methods (or ``forward(*args)`` with
    ``setup_context(ctx, inputs, output)``), and call ``MyFunction.apply(*args)``.
    """

    _backward_cls: type[FunctionCtx]
    generate_vmap_rule = False  # True: over a batch forward and backward run on the batch
    clear_saved_tensors_on_access = False  # True: what was kept is forgotten when backward has asked for it
    boxed_grads_call = False  # True: backward gets the gradients as one list, from which it may take them out

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        warnings.warn(
            f"{type(self)} should not be instantiated. Methods on autograd functions are all static, so you should invoke them on "
            "the class itself. Instantiating an autograd function will raise an error in a future version of PyTorch.",
            DeprecationWarning,
            stacklevel=2,
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

    @staticmethod
    def vmap(info: Any, in_dims: tuple[int | None, ...], *args: Any) -> Any:
        """Forward of a batch: gives the outputs and the dimensions of the batch in them."""
        raise NotImplementedError(
            "To use autograd.Function with vmap, you must either override the vmap static method or set generate_vmap_rule=True."
        )

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Run forward and, where a tensor argument requires grad, put a node for backward into the graph."""
        apart = cls.setup_context is not Function.setup_context
        if apart:
            arguments = inspect.signature(cls.forward).bind(*args, **kwargs)
            arguments.apply_defaults()
            args, kwargs = arguments.args, {}
        if mode.transforms:
            check_form(apart)
            run = functools.partial(cls._apply, apart, kwargs)
            return applied(cls, args, run, cls.vmap is not Function.vmap)
        _, outs, several = cls._apply(apart, kwargs, args, cls.forward)
        return outs if several else outs[0]

    @classmethod
    def _apply(
        cls, apart: bool, kwargs: dict[str, Any], args: tuple[Any, ...], forward: Callable[..., Any]
    ) -> tuple[FunctionCtx, tuple[Any, ...], bool]:
        """The ctx, the outputs, and whether forward gave several."""
        started = recorder.current.clock() if recorder.current is not None else 0.0
        ctx = cls._node_class()()
        tensors = [a for a in args if isinstance(a, Tensor)]
        ctx._tensor_arguments = tuple(i for i, a in enumerate(args) if isinstance(a, Tensor))
        ctx.needs_input_grad = tuple(isinstance(a, Tensor) and a.requires_grad for a in args)
        recording = mode.enabled and any(ctx.needs_input_grad)
        edges: list[Edge | None] = [t._gradient_edge() if recording else None for t in tensors]
        with no_grad():
            if apart:
                result = forward(*args)
                cls.setup_context(ctx, args, result)
            else:
                result = forward(ctx, *args, **kwargs)
        several = isinstance(result, tuple)
        outs = tie(ctx, result if several else (result,), tensors, edges, recording, apart)
        if recorder.current is not None:
            made = [o for o in outs if isinstance(o, Tensor)]
            recorder.current.op(cls.__name__, tensors, made, ctx if recording else None, {}, started)
            if recording:
                recorder.current.applied(cls, args, kwargs)
        return ctx, tuple(outs), several

    @classmethod
    def _node_class(cls) -> type[FunctionCtx]:
        found = cls.__dict__.get("_backward_cls")
        if found is None:
            found = type(f"{cls.__name__}Backward", (FunctionCtx,), {"_function": cls, "_forward_cls": cls, "__doc__": cls.__doc__})
            cls._backward_cls = found
        return cast(type[FunctionCtx], found)


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

    def apply(self, grads: tuple[Any, ...], edges: Sequence[Edge | None] | None = None) -> Sequence[Any]:
        raise RuntimeError("trying to differentiate twice a function that was marked with @once_differentiable")


def _blocked(out: Any) -> Any:
    if not isinstance(out, Tensor):
        return out
    alias = out.detach()
    alias._edge, alias._output, alias._requires_grad = _Refusing((), (alias._slot(),)), 0, True
    return alias
