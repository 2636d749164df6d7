"""The script's hooks as steps: each is wrapped in the very dictionary that PyTorch reads, so that order and ``handle.remove()`` are as
they were."""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Callable, MutableMapping
from functools import partial
from typing import Any

import torch
from torch.utils import hooks as module_hooks

from gradstep.engine.tape.schema import HookKind
from gradstep.engine.tape.stacks import is_own

from .marks import number_of
from .watch import Watch

_LEAF_HOOKS = ("_backward_hooks", HookKind.TENSOR), ("_post_accumulate_grad_hooks", HookKind.POST_ACCUMULATE)


class Wrapped:
    """A hook of the script's, told of when it is called. To whoever looks at it, it is that hook."""

    def __init__(self, watch: Watch, function: Callable[..., Any], kind: HookKind, key: int, slot: int | None = None) -> None:
        self._watch, self._function, self._kind, self._key, self._slot = watch, function, kind, key, slot

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        watch = self._watch
        if watch.again:
            return None
        walk = watch.walk() if watch.records else None
        if walk is None or kwargs:
            return self._function(*args, **kwargs)
        return walk.call_hook(self._function, self._kind, self._key, self._slot, args)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_watch") or name == "_function":
            raise AttributeError(name)
        return getattr(self._function, name)

    def __repr__(self) -> str:
        return repr(self._function)


def wrap(watch: Watch, registered: MutableMapping[Any, Any] | None, kind: HookKind, slot: int | None = None) -> None:
    """Wrap the hooks in one of PyTorch's dictionaries in place, except ours and those of PyTorch's own, which call the script's (of
    modules) where they are wrapped themselves."""
    for key, function in list(registered.items()) if registered else ():
        own = is_own(getattr(getattr(function, "__code__", None), "co_filename", ""))
        if not own and not isinstance(function, (Own, Wrapped)):
            assert registered is not None
            registered[key] = Wrapped(watch, function, kind, key, slot)


def wrap_leaf(watch: Watch, leaf: Any) -> None:
    """Wrap the hooks of a leaf."""
    for name, kind in _LEAF_HOOKS:
        wrap(watch, getattr(leaf, name, None), kind, 0)


class Own(partial):  # type: ignore[type-arg]  # cannot be written in Python 3.9's way and be subclassed
    """A hook of the debugger's own on a node. Nobody holds a handle of it: it is its own key in PyTorch's dictionary."""

    __slots__ = ()


def put_on(node: Any, before: Own, behind: Own) -> tuple[Any, Any, Any, Any]:
    """Register our hooks before and behind a node. Gives PyTorch's dictionaries, each with the key of ours."""
    first, last = node.register_prehook(before), node.register_hook(behind)
    if isinstance(first, dict):
        return first, before, last, behind
    return first.hooks_dict_ref(), first.id, last.hooks_dict_ref(), last.id  # ``Registrations`` sees nothing


class Registrations:
    """Sees hooks being registered on tensors: once the tensor has died, nobody can find those on its node. Costs nothing elsewhere."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._before: list[tuple[Any, str, Any]] = []
        # by node and slot: tensors that keep their gradient, and PyTorch's dictionaries of hooks
        self.retained: weakref.WeakValueDictionary[tuple[int, int], Any] = weakref.WeakValueDictionary()
        self.hooked: weakref.WeakValueDictionary[tuple[int, int], Any] = weakref.WeakValueDictionary()

    def put(self) -> None:
        """See registrations from now on."""
        watch, retained, hooked = self._watch, self.retained, self.hooked
        tensor = torch.Tensor
        register, retain, boundary = tensor.register_hook, tensor.retain_grad, module_hooks.BackwardHook.__init__

        def register_hook(self: Any, hook: Any) -> Any:
            handle = register(self, hook)
            registered = getattr(self, "_backward_hooks", None)
            if registered and handle.id in registered and not isinstance(registered[handle.id], Wrapped):
                registered[handle.id] = Wrapped(watch, hook, HookKind.TENSOR, handle.id, self.output_nr)
                if self.grad_fn is not None:
                    hooked[number_of(self.grad_fn), self.output_nr] = registered
            return handle

        def retain_grad(self: Any) -> Any:
            result = retain(self)
            if self.grad_fn is not None:
                retained[number_of(self.grad_fn), self.output_nr] = self
                watch.retains = True
            return result

        def made(self: Any, module: Any, user_hooks: Any, user_pre_hooks: Any) -> None:
            key = id(self)
            boundary(
                self, module,
                [Wrapped(watch, hook, HookKind.MODULE, key + place) for place, hook in enumerate(user_hooks)],
                [Wrapped(watch, hook, HookKind.MODULE_PRE, key + place) for place, hook in enumerate(user_pre_hooks)],
            )  # fmt: skip

        mixin: Any = getattr(torch.autograd.function, "_HookMixin", None)
        on_node = getattr(mixin, "_register_hook", None)
        if on_node is not None:

            def register_on_node(registered: Any, hook: Any) -> Any:
                """As PyTorch's, but that a hook of ours needs no handle: those of a pass are put in and taken out by the hundred."""
                if type(hook) is not Own:
                    return on_node(registered, hook)
                if registered is None:
                    registered = OrderedDict()
                registered[hook] = hook
                return registered, registered

            self._before.append((mixin, "_register_hook", staticmethod(on_node)))
            mixin._register_hook = staticmethod(register_on_node)
        for owner, name, function, old in (
            (tensor, "register_hook", register_hook, register),
            (tensor, "retain_grad", retain_grad, retain),
            (module_hooks.BackwardHook, "__init__", made, boundary),
        ):
            if name != "__init__":
                function.__doc__ = getattr(old, "__doc__", None)
            self._before.append((owner, name, old))
            setattr(owner, name, function)

    def take_away(self) -> None:
        """See no more of them."""
        for owner, name, old in self._before:
            setattr(owner, name, old)
        self._before = []
