"""What happens around a module's forward: hooks before and after it, and the boundary nodes that carry its backward hooks."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from ..autograd.function import Function
from ..autograd.grad_mode import mode
from ..autograd.hooks import HookDict, OffTape, RemovableHandle, register
from ..autograd.walk import active
from ..tape import recorder
from ..tape.schema import HookKind, NodeKind
from ..tensor import Tensor

MIXED = "Cannot use both regular backward hooks and full backward hooks {}. Please use only one of them."


class _GlobalHooks:
    """Hooks on every module. ``full`` says whether those in ``backward`` are full ones; None where there were none yet."""

    def __init__(self) -> None:
        self.forward_pre = HookDict()
        self.forward = HookDict()
        self.backward_pre = HookDict()
        self.backward = HookDict()
        self.full: bool | None = None
        self.options: dict[int, set[str]] = {}


everywhere = _GlobalHooks()


def run(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``module.forward(*args, **kwargs)`` with all hooks around it, in PyTorch's order: global ones before the module's own."""
    own = module._forward_pre_hooks or module._forward_hooks or module._backward_hooks or module._backward_pre_hooks
    if not (own or everywhere.forward_pre or everywhere.forward or everywhere.backward or everywhere.backward_pre):
        return module.forward(*args, **kwargs)
    call = _Call(module, args, kwargs)
    try:
        return call.run()
    except Exception:
        call.run_always_called()
        raise


class _Call:
    """One call of a module that has hooks."""

    def __init__(self, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.module, self.args, self.kwargs = module, args, kwargs
        self.result: Any = None
        self.called: set[int] = set()  # of the forward hooks

    def _options(self, key: int) -> set[str] | tuple[()]:
        return self.module._hook_options.get(key) or everywhere.options.get(key) or ()

    def run(self) -> Any:
        module = self.module
        pre = [*everywhere.backward_pre.items(), *module._backward_pre_hooks.items()]
        full: list[tuple[int, Any]] = []
        plain: list[tuple[int, Any]] = []
        (full if everywhere.full else plain).extend(everywhere.backward.items())
        (full if module._is_full_backward_hook else plain).extend(module._backward_hooks.items())
        self._before()
        boundary = _Boundary(module, full, pre) if full or pre else None
        if boundary is not None:
            self.args = boundary.enter(self.args)
        self.result = module.forward(*self.args, **self.kwargs)
        for key, hook in [*everywhere.forward.items(), *module._forward_hooks.items()]:
            self._after(key, hook)
        if boundary is not None:
            if not isinstance(self.result, (Tensor, tuple)):
                warnings.warn(
                    "For backward hooks to be called, module output should be a Tensor or a tuple of Tensors but received "
                    f"{type(self.result)}",
                    stacklevel=4,
                )
            self.result = boundary.leave(self.result)
        if plain:
            self._add_plain_hooks(plain)
        return self.result

    def _before(self) -> None:
        for key, hook in [*everywhere.forward_pre.items(), *self.module._forward_pre_hooks.items()]:
            given = self.args
            if not _wanted(hook, given):
                continue
            if "kwargs" in self._options(key):
                changed = hook(self.module, self.args, self.kwargs)
                if changed is not None:
                    if not (isinstance(changed, tuple) and len(changed) == 2):
                        raise RuntimeError(f"forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got {changed}.")
                    self.args, self.kwargs = changed
            else:
                changed = hook(self.module, self.args)
                if changed is not None:
                    self.args = changed if isinstance(changed, tuple) else (changed,)
            _on_tape(HookKind.FORWARD_PRE, key, hook, given, self.args)

    def _after(self, key: int, hook: Any) -> None:
        given = self.result
        self.called.add(key)
        if not _wanted(hook, given):
            return
        if "kwargs" in self._options(key):
            changed = hook(self.module, self.args, self.kwargs, given)
        else:
            changed = hook(self.module, self.args, given)
        if changed is not None:
            self.result = changed
        _on_tape(HookKind.FORWARD, key, hook, given, self.result)

    def run_always_called(self) -> None:
        """After an error: the forward hooks with ``always_call`` that were not called yet."""
        for hooks, where in ((everywhere.forward, "global module"), (self.module._forward_hooks, "module")):
            for key, hook in list(hooks.items()):
                if "always" not in self._options(key) or key in self.called:
                    continue
                try:
                    self._after(key, hook)
                except Exception as error:  # the error that is on its way is the one to be seen
                    warnings.warn(
                        f"{where} forward hook with ``always_call=True`` raised an exception that was silenced as another error was "
                        f"raised in forward: {error}",
                        stacklevel=4,
                    )

    def _add_plain_hooks(self, hooks: list[tuple[int, Any]]) -> None:
        """PyTorch's deprecated backward hooks: they stand on the node of the (first) output."""
        found = self.result
        while not isinstance(found, Tensor):
            found = next(v for v in found.values() if isinstance(v, Tensor)) if isinstance(found, dict) else found[0]
        node = found.grad_fn
        if node is None:
            return
        module = self.module
        for _, hook in hooks:
            node.register_hook(lambda grads, outs, hook=hook: hook(module, grads, outs))
        problem = _shortcoming(self.args, self.result, node)
        if problem:
            warnings.warn(
                f"Using {problem} Please use register_full_backward_hook to get the documented behavior.", FutureWarning, stacklevel=5
            )


def _shortcoming(args: Any, result: Any, node: Any) -> str:
    """What a hook on ``node`` will not be given of the module's gradients; empty if it sees all."""
    soon = "is deprecated and will be removed in future versions. This hook will be missing some"
    one_or_tuple = "a single Tensor or a tuple of Tensors"

    def fits(values: Any) -> bool:
        return isinstance(values, Tensor) or (isinstance(values, tuple) and all(isinstance(v, Tensor) for v in values))

    if not fits(result):
        return f"non-full backward hooks on a Module that does not return {one_or_tuple} {soon} of the grad_output."
    if not fits(args):
        return f"non-full backward hooks on a Module that does not take as input {one_or_tuple} {soon} of the grad_input."
    if isinstance(result, tuple) and any(r.grad_fn is not node for r in result):
        return f"a non-full backward hook when outputs are generated by different autograd Nodes {soon} grad_output."
    inputs = {a.grad_fn for a in ((args,) if isinstance(args, Tensor) else args)} - {None}
    if inputs != {n for n, _ in node.next_functions}:
        return f"a non-full backward hook when the forward contains multiple autograd Nodes {soon} grad_input."
    return ""


class BackwardHookFunction(Function):
    """Passes tensors and gradients on; its node carries a module's backward hooks."""

    @staticmethod
    def forward(ctx: Any, *tensors: Any) -> Any:
        ctx.kind = NodeKind.BOUNDARY
        ctx.mark_non_differentiable(*[t for t in tensors if not t.requires_grad])
        return tensors

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        return grads


class _Boundary:
    """The two boundary nodes around one call of a module with backward hooks: one behind its inputs, one at its outputs.

    ``grads`` is what arrived at the outputs, until it was shown to the hooks; None says that a gradient reached the inputs by
    another way (a second derivative), of which the hooks hear nothing.
    """

    def __init__(self, module: Any, hooks: list[tuple[int, Any]], pre_hooks: list[tuple[int, Any]]) -> None:
        self.module, self.hooks, self.pre_hooks = module, hooks, pre_hooks
        self.grads: Any = None
        self.inputs: list[int] | None = None  # which arguments pass the inner node
        self.outputs: list[int] = []
        self.count_in = self.count_out = 0

    def enter(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments behind the node that carries the module's backward hooks."""
        self.count_in = len(args)
        args, self.inputs = _through(args, self._at_inputs)
        return args

    def leave(self, result: Any) -> Any:
        """The result behind the node at which gradients enter the module."""
        several = isinstance(result, tuple)
        values = result if several else (result,)
        self.count_out = len(values)
        passed, places = _through(values, self._at_outputs)
        self.outputs = places or []
        return passed if several else passed[0]

    def _keep(self, grads: Any) -> None:
        """Remember the gradients at the outputs, in a way that stepping back undoes."""
        if active.walks:
            active.walks[-1]._journal(setattr, self, "grads", self.grads)
        self.grads = grads

    def _at_inputs(self, grads: tuple[Any, ...], _: Any) -> Any:
        if self.grads is None or self.inputs is None:
            return None
        given = _spread(self.inputs, grads, self.count_in)
        for key, hook in self.hooks:
            if not _wanted(hook, given):
                continue
            changed = hook(self.module, given, self.grads)
            if changed is not None and len(changed) != len(given):
                raise RuntimeError(f"Backward hook returned an invalid number of grad_input, got {len(changed)}, but expected {len(given)}")
            _on_tape(HookKind.MODULE, key, hook, given, given if changed is None else changed)
            given = given if changed is None else changed
        self._keep(None)
        return tuple(given[i] for i in self.inputs)

    def _at_outputs(self, _: Any, grads: tuple[Any, ...]) -> Any:
        given = _spread(self.outputs, grads, self.count_out)
        for key, hook in self.pre_hooks:
            if not _wanted(hook, given):
                continue
            changed = hook(self.module, given)
            if changed is not None and len(changed) != self.count_out:
                raise RuntimeError(
                    f"Backward pre hook returned an invalid number of grad_output, got {len(changed)}, but expected {self.count_out}"
                )
            _on_tape(HookKind.MODULE_PRE, key, hook, given, given if changed is None else changed)
            given = given if changed is None else changed
        if self.inputs is not None:
            self._keep(given)
        else:
            self._call_without_inputs(given)
        return tuple(given[i] for i in self.outputs)

    def _call_without_inputs(self, grads: tuple[Any, ...]) -> None:
        """No input requires a gradient: the hooks are called here and have nothing to change."""
        warnings.warn(
            "Full backward hook is firing when gradients are computed with respect to module outputs since no inputs require gradients. "
            "See https://docs.pytorch.org/docs/main/generated/torch.nn.Module.html#torch.nn.Module.register_full_backward_hook for more "
            "details.",
            stacklevel=2,
        )
        nothing = (None,) * self.count_in
        for key, hook in self.hooks:
            if not _wanted(hook, nothing):
                continue
            changed = hook(self.module, nothing, grads)
            if changed is not None and not (isinstance(changed, tuple) and all(c is None for c in changed)):
                raise RuntimeError(
                    "Backward hook for Modules where no input requires gradient should always return None or None for all gradients."
                )
            _on_tape(HookKind.MODULE, key, hook, nothing, nothing)


def _through(values: tuple[Any, ...], hook: Callable[..., Any]) -> tuple[tuple[Any, ...], list[int] | None]:
    """The values with the tensors among them passed through a boundary node on which ``hook`` stands, and their places;
    None for the places where no tensor requires a gradient."""
    places = [i for i, v in enumerate(values) if isinstance(v, Tensor)]
    if not mode.enabled or not any(values[i].requires_grad for i in places):
        return values, None
    passed = BackwardHookFunction.apply(*[values[i] for i in places])
    node = next(p.grad_fn for p in passed if p.grad_fn is not None)
    node.register_hook(OffTape(hook))
    spread = list(values)
    for i, p in zip(places, passed, strict=True):
        spread[i] = p
    made = tuple(spread) if type(values) is tuple else type(values)(*spread)  # a named tuple stays one
    return made, places


def _spread(places: list[int], values: tuple[Any, ...], count: int) -> tuple[Any, ...]:
    spread: list[Any] = [None] * count
    for i, v in zip(places, values, strict=True):
        spread[i] = v
    return tuple(spread)


def _only_tensors(values: Any) -> tuple[Any, ...]:
    return tuple(v if isinstance(v, Tensor) else None for v in (values if isinstance(values, (tuple, list)) else (values,)))


def _wanted(hook: Any, values: Any) -> bool:
    """Whether a hook is to be called: a debugger may stop before it, and may have switched it off."""
    if recorder.current is None:
        return True
    return recorder.current.about_to_call(hook, _only_tensors(values), active.walks[-1].current if active.walks else None)


def _on_tape(kind: int, key: int, hook: Any, before: Any, after: Any) -> None:
    if recorder.current is None:
        return
    walk = active.walks[-1] if active.walks and kind in (HookKind.MODULE, HookKind.MODULE_PRE) else None
    run = walk.run if walk is not None else None
    recorder.current.hook_called(
        run, kind, key, hook, _only_tensors(before), _only_tensors(after), node=walk.current if walk is not None else None
    )


# ------------------------------------------------------------------------------------------------------ hooks on all modules


def register_module_forward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, args)`` before each forward of every module."""
    return register(everywhere.forward_pre, hook)


def register_module_forward_hook(hook: Callable[..., Any], *, with_kwargs: bool = False, always_call: bool = False) -> RemovableHandle:
    """Call ``hook(module, args, output)`` after each forward of every module."""
    handle = register(everywhere.forward, hook)
    everywhere.options[handle.id] = ({"kwargs"} if with_kwargs else set()) | ({"always"} if always_call else set())
    return handle


def register_module_full_backward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, grad_output)`` before gradients pass any module."""
    return register(everywhere.backward_pre, hook)


def register_module_full_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, grad_input, grad_output)`` after gradients passed any module.

    Raises RuntimeError after ``register_module_backward_hook``.
    """
    if everywhere.full is False:
        raise RuntimeError(MIXED.format("as a global Module hook"))
    everywhere.full = True
    return register(everywhere.backward, hook)


def register_module_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """The older form of ``register_module_full_backward_hook``, which sees the node of each module's output only."""
    if everywhere.full is True:
        raise RuntimeError(MIXED.format("as a global Module hook"))
    everywhere.full = False
    return register(everywhere.backward, hook)
