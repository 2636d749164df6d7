"""Module: parameters, buffers and submodules under names, hooks around forward and backward, state dicts."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from .. import creation, dtypes
from ..autograd.grad_mode import no_grad
from ..autograd.hooks import HookDict, RemovableHandle, register
from ..tape import recorder
from ..tensor import Tensor, type_name
from . import state
from .calling import MIXED, run
from .calling import register_module_backward_hook as register_module_backward_hook
from .calling import register_module_forward_hook as register_module_forward_hook
from .calling import register_module_forward_pre_hook as register_module_forward_pre_hook
from .calling import register_module_full_backward_hook as register_module_full_backward_hook
from .calling import register_module_full_backward_pre_hook as register_module_full_backward_pre_hook
from .parameter import Buffer, Parameter

M = TypeVar("M", bound="Module")


class _Running(threading.local):
    """The modules whose forward is running in this thread, outermost first, with the names of all modules below the outermost."""

    def __init__(self) -> None:
        self.stack: list[Module] = []
        self.names: dict[int, str] = {}


_running = _Running()


class Module:
    """Base of all neural network modules; a tree whose leaves are parameters.

    Subclasses assign parameters, buffers and modules to attributes after ``super().__init__()`` and write ``forward``.
    """

    training: bool
    _is_full_backward_hook: bool | None
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: dict[str, Module | None]
    dump_patches = False
    _version = 1
    call_super_init = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if kwargs and not self.call_super_init:
            raise TypeError(f"{type(self).__name__}.__init__() got an unexpected keyword argument '{next(iter(kwargs))}'")
        if args and not self.call_super_init:
            raise TypeError(f"{type(self).__name__}.__init__() takes 1 positional argument but {len(args) + 1} were given")
        put = super().__setattr__
        put("training", True)
        put("_parameters", {})
        put("_buffers", {})
        put("_non_persistent_buffers_set", set())
        put("_modules", {})
        for name in (
            "_forward_pre_hooks",
            "_forward_hooks",
            "_backward_pre_hooks",
            "_backward_hooks",
            "_state_dict_pre_hooks",
            "_state_dict_hooks",
            "_load_state_dict_pre_hooks",
            "_load_state_dict_post_hooks",
        ):
            put(name, HookDict())
        put("_hook_options", {})
        put("_is_full_backward_hook", None)
        if self.call_super_init:
            super().__init__(*args, **kwargs)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes; to be written by subclasses."""
        raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')

    # ------------------------------------------------------------------------------------ calling

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        tape = recorder.current
        if tape is None:
            return run(self, args, kwargs)
        outermost = not _running.stack
        if outermost:
            _running.names = {id(m): n for n, m in self.named_modules()}
            self._name_parameters()
            for parameter in self.parameters():  # also those that forward will not use: that is worth knowing
                if not parameter._id:
                    tape.val(parameter)
        path = _running.names.get(id(self))
        if path is None:
            path = type(self).__name__
        _running.stack.append(self)
        call = tape.enter_call(path, type(self).__name__)
        try:
            tape.entered(call, path, type(self).__name__)
            return run(self, args, kwargs)
        finally:
            _running.stack.pop()
            tape.leave_call(call)

    def _name_parameters(self) -> None:
        """Tell the parameters their names, for the tape; those that stand on it already keep the one they have there."""
        for name, parameter in self.named_parameters():
            if not parameter._id:
                parameter._name = name

    # ------------------------------------------------------------------------------------ attributes

    def __setattr__(self, name: str, value: Any) -> None:
        own = self.__dict__
        if isinstance(value, Parameter):
            self._must_be_initialised("parameters")
            self._forget(name, "_parameters")
            self.register_parameter(name, value)
        elif name in own.get("_parameters", ()):
            if value is not None:
                raise TypeError(f"cannot assign '{_typename(value)}' as parameter '{name}' (torch.nn.Parameter or None expected)")
            self.register_parameter(name, None)
        elif isinstance(value, Module):
            self._must_be_initialised("module")
            self._forget(name, "_modules")
            self._modules[name] = value
        elif name in own.get("_modules", ()):
            if value is not None:
                raise TypeError(f"cannot assign '{_typename(value)}' as child module '{name}' (torch.nn.Module or None expected)")
            self._modules[name] = None
        elif isinstance(value, Buffer):
            self._must_be_initialised("buffer")
            self._forget(name, "_buffers")
            self.register_buffer(name, value, value.persistent)
        elif name in own.get("_buffers", ()):
            if value is not None and not isinstance(value, Tensor):
                raise TypeError(f"cannot assign '{_typename(value)}' as buffer '{name}' (torch.nn.Buffer, torch.Tensor or None expected)")
            self._buffers[name] = value
        else:
            super().__setattr__(name, value)

    def __getattr__(self, name: str) -> Any:
        own = self.__dict__
        if "_parameters" in own:
            for store in (own["_parameters"], own["_modules"], own["_buffers"]):
                if name in store:
                    return store[name]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __delattr__(self, name: str) -> None:
        for store in (self._parameters, self._buffers, self._modules):
            if name in store:
                del store[name]
                if store is self._buffers:
                    self._non_persistent_buffers_set.discard(name)
                return
        super().__delattr__(name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._parameters, *self._buffers, *self._modules})

    def _must_be_initialised(self, what: str) -> None:
        if "_parameters" not in self.__dict__:
            raise AttributeError(f"cannot assign {what} before Module.__init__() call")

    def _forget(self, name: str, kept: str) -> None:
        """Take a name out of all stores but the one that it is about to be written into, where it keeps its place."""
        self.__dict__.pop(name, None)
        for store in ("_parameters", "_buffers", "_modules"):
            if store != kept:
                self.__dict__[store].pop(name, None)
        if kept != "_buffers":
            self._non_persistent_buffers_set.discard(name)

    def _check_name(self, name: str, kind: str) -> None:
        if not isinstance(name, str):
            raise TypeError(f"{kind} name should be a string. Got {_typename(name)}")
        if "." in name:
            raise KeyError(f'{kind} name can\'t contain "."' + (f", got: {name}" if kind == "module" else ""))
        if name == "":
            raise KeyError(f'{kind} name can\'t be empty string ""')

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter, reachable as an attribute.

        Raises TypeError for what is no Parameter, KeyError for a bad or taken name, ValueError for a non-leaf.
        """
        if "_parameters" not in self.__dict__:
            raise AttributeError("cannot assign parameter before Module.__init__() call")
        self._check_name(name, "parameter")
        if hasattr(self, name) and name not in self._parameters:
            raise KeyError(f"attribute '{name}' already exists")
        if param is not None:
            if not isinstance(param, Parameter):
                raise TypeError(f"cannot assign '{_typename(param)}' object to parameter '{name}' (torch.nn.Parameter or None required)")
            if param.grad_fn is not None:
                raise ValueError(
                    f"Cannot assign non-leaf Tensor to parameter '{name}'. Model parameters must be created explicitly. To express "
                    f"'{name}' as a function of another Tensor, compute the value in the forward() method."
                )
        self._parameters[name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a tensor that is no parameter, reachable as an attribute; part of the state dict if ``persistent``."""
        self._must_be_initialised("buffer")
        self._check_name(name, "buffer")
        if hasattr(self, name) and name not in self._buffers:
            raise KeyError(f"attribute '{name}' already exists")
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(f"cannot assign '{_typename(tensor)}' object to buffer '{name}' (torch Tensor or None required)")
        self._buffers[name] = tensor
        (self._non_persistent_buffers_set.discard if persistent else self._non_persistent_buffers_set.add)(name)

    def add_module(self, name: str, module: Module | None) -> None:
        """Add a submodule, reachable as an attribute."""
        if module is not None and not isinstance(module, Module):
            raise TypeError(f"{_typename(module)} is not a Module subclass")
        self._check_name(name, "module")
        if hasattr(self, name) and name not in self._modules:
            raise KeyError(f"attribute '{name}' already exists")
        self._modules[name] = module

    register_module = add_module

    def get_submodule(self, target: str) -> Module:
        """The submodule of a dotted name; the module itself for ""."""
        module: Any = self
        for name in target.split(".") if target else ():
            if not hasattr(module, name):
                raise AttributeError(f"{type(module).__name__} has no attribute `{name}`")
            module = getattr(module, name)
            if not isinstance(module, Module):
                raise AttributeError(f"`{name}` is not an nn.Module")
        return module  # type: ignore[no-any-return]

    def set_submodule(self, target: str, module: Module, strict: bool = False) -> None:
        """Put ``module`` where the dotted name says; ``strict`` demands that a submodule is there already."""
        if target == "":
            raise ValueError("Cannot set the submodule without a target name!")
        path, _, name = target.rpartition(".")
        parent = self.get_submodule(path)
        if not isinstance(module, Module):
            raise ValueError(f"`module` is not an nn.Module, found {type(module)}")
        if strict and not hasattr(parent, name):
            raise AttributeError(f"{parent._get_name()} has no attribute `{name}`")
        if hasattr(parent, name) and not isinstance(getattr(parent, name), Module):
            raise AttributeError(f"`{name}` is not an nn.Module")
        setattr(parent, name, module)

    def _get_leaf(self, target: str) -> tuple[Module, str, Any]:
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        if not hasattr(module, name):
            raise AttributeError(f"{module._get_name()} has no attribute `{name}`")
        return module, name, getattr(module, name)

    def get_parameter(self, target: str) -> Parameter:
        """The parameter of a dotted name."""
        _, name, found = self._get_leaf(target)
        if not isinstance(found, Parameter):
            raise AttributeError(f"`{name}` is not an nn.Parameter")
        return found

    def get_buffer(self, target: str) -> Tensor:
        """The buffer of a dotted name."""
        module, name, found = self._get_leaf(target)
        if name not in module._buffers:
            raise AttributeError(f"`{name}` is not a buffer")
        return found  # type: ignore[no-any-return]

    def get_extra_state(self) -> Any:
        """What to put into the state dict beside parameters and buffers; subclasses that have such a thing write it."""
        raise RuntimeError("Reached a code path in Module.get_extra_state() that should never be called.")

    def set_extra_state(self, state: Any) -> None:
        """Take over what ``get_extra_state`` gave."""
        raise RuntimeError("Reached a code path in Module.set_extra_state() that should never be called.")

    # ------------------------------------------------------------------------------------ walking the tree

    def named_modules(self, memo: set[Any] | None = None, prefix: str = "", remove_duplicate: bool = True) -> Iterator[tuple[str, Module]]:
        """All modules of the tree with their dotted names, this one first."""
        seen = set() if memo is None else memo
        stack: list[tuple[str, Module]] = [(prefix, self)]
        while stack:
            path, module = stack.pop()
            if module in seen:
                continue
            if remove_duplicate:
                seen.add(module)
            yield path, module
            children = [(f"{path}.{name}" if path else name, child) for name, child in module._modules.items() if child is not None]
            stack.extend(reversed(children))

    def modules(self) -> Iterator[Module]:
        """All modules of the tree, this one first."""
        return (module for _, module in self.named_modules())

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules directly below with their names."""
        seen: set[Module] = set()
        for name, module in self._modules.items():
            if module is not None and module not in seen:
                seen.add(module)
                yield name, module

    def children(self) -> Iterator[Module]:
        """The modules directly below."""
        return (module for _, module in self.named_children())

    def _named(self, store: str, prefix: str, recurse: bool, remove_duplicate: bool) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        for path, module in self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate) if recurse else [(prefix, self)]:
            for name, value in module.__dict__[store].items():
                if value is None or id(value) in seen:
                    continue
                if remove_duplicate:
                    seen.add(id(value))
                yield (f"{path}.{name}" if path else name), value

    def named_parameters(self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True) -> Iterator[tuple[str, Parameter]]:
        """All parameters of the tree with their dotted names, each once."""
        return self._named("_parameters", prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """All parameters of the tree, each once."""
        return (p for _, p in self.named_parameters(recurse=recurse))

    def named_buffers(self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True) -> Iterator[tuple[str, Tensor]]:
        """All buffers of the tree with their dotted names, each once."""
        return self._named("_buffers", prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """All buffers of the tree, each once."""
        return (b for _, b in self.named_buffers(recurse=recurse))

    def apply(self: M, fn: Callable[[Module], None]) -> M:
        """Call ``fn`` with each module of the tree, children before parents."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    def _apply(self: M, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> M:
        if recurse:
            for module in self.children():
                module._apply(fn)
        for parameter in self._parameters.values():
            if parameter is not None:
                with no_grad():
                    parameter.data = fn(parameter.detach())
                    if parameter._grad is not None:
                        parameter._grad = fn(parameter._grad.detach()).requires_grad_(parameter._grad.requires_grad)
        for name, buffer in self._buffers.items():
            if buffer is not None:
                self._buffers[name] = fn(buffer)
        return self

    # ------------------------------------------------------------------------------------ modes and moves

    def train(self: M, mode: bool = True) -> M:
        """Put the tree into training mode (dropout drops, batch norm learns its statistics), or out of it."""
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        self.training = mode
        for module in self.children():  # not modules(): a subclass may have a train() of its own
            module.train(mode)
        return self

    def eval(self: M) -> M:
        """Put the tree into evaluation mode."""
        return self.train(False)

    def requires_grad_(self: M, requires_grad: bool = True) -> M:
        """Set ``requires_grad`` of all parameters."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or set them to zero."""
        for parameter in self.parameters():
            if parameter._grad is not None:
                if set_to_none:
                    parameter._grad = None
                else:
                    parameter._grad = parameter._grad.detach()
                    parameter._grad.zero_()

    def to(self: M, *args: Any, **kwargs: Any) -> M:
        """Move parameters and buffers to a device, floating-point ones to a type, and those of 4 or 5 dimensions to a memory format."""
        kind: Any = kwargs.get("dtype")
        place: Any = kwargs.get("device")
        for a in args:
            if isinstance(a, dtypes.dtype):
                kind = a
            elif isinstance(a, Tensor):
                kind, place = a.dtype, a.device
            elif a is not None and not isinstance(a, bool):
                place = a
        if kind is not None and kind.category < 2:
            raise TypeError(f"nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={kind}")
        order = kwargs.get("memory_format")

        def moved(t: Tensor) -> Any:
            there = t.to(device=place, dtype=kind if t.dtype.category >= 2 else None)
            return there if order is None or t.ndim not in (4, 5) else there.contiguous(memory_format=order)

        return self._apply(moved)

    def to_empty(self: M, *, device: Any, recurse: bool = True) -> M:
        """Move parameters and buffers to a device without their values."""
        return self._apply(lambda t: creation.empty_like(t, device=device), recurse=recurse)

    def type(self: M, dst_type: Any) -> M:
        """Convert all parameters and buffers."""
        return self._apply(lambda t: t.to(dst_type))

    def _floating(self: M, kind: dtypes.dtype) -> M:
        return self._apply(lambda t: t.to(kind) if t.is_floating_point() else t)

    def float(self: M) -> M:
        """Convert floating-point parameters and buffers to float32."""
        return self._floating(dtypes.float32)

    def double(self: M) -> M:
        """Convert floating-point parameters and buffers to float64."""
        return self._floating(dtypes.float64)

    def half(self: M) -> M:
        """Convert floating-point parameters and buffers to float16."""
        return self._floating(dtypes.float16)

    def bfloat16(self: M) -> M:
        """Convert floating-point parameters and buffers to bfloat16."""
        return self._floating(dtypes.bfloat16)

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """Nothing: the module runs as it is."""

    def share_memory(self: M) -> M:
        """The module itself: other processes get copies."""
        return self

    def cpu(self: M) -> M:
        """Move parameters and buffers to the CPU."""
        return self.to("cpu")

    def cuda(self: M, device: Any = None) -> M:
        """Move parameters and buffers to a GPU."""
        return self.to("cuda" if device is None else device)

    # ------------------------------------------------------------------------------------ state

    def state_dict(self, *args: Any, destination: Any = None, prefix: str = "", keep_vars: bool = False) -> Any:
        """Parameters and persistent buffers under dotted names, as detached aliases unless ``keep_vars``."""
        if args:
            warnings.warn(
                "Positional args are being deprecated, use kwargs instead. Refer to "
                "https://pytorch.org/docs/main/generated/torch.nn.Module.html#torch.nn.Module.state_dict for details.",
                FutureWarning,
                stacklevel=2,
            )
            given: list[Any] = [*args, *(destination, prefix, keep_vars)[len(args) :]]
            destination, prefix, keep_vars = given
        return state.state_dict(self, destination, prefix, keep_vars)

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        state.save(self, destination, prefix, keep_vars, type(self).get_extra_state is not Module.get_extra_state)

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False) -> Any:
        """Copy a state dict into parameters and buffers, or with ``assign`` put its tensors in their place.

        Returns the names that lacked and that were too much. Raises RuntimeError naming those (if ``strict``) and the
        tensors of other shapes; what fits is taken over nevertheless.
        """
        if recorder.current is not None:
            self._name_parameters()
        return state.load_state_dict(self, state_dict, strict, assign)

    def _load_from_state_dict(
        self,
        state_dict: Mapping[str, Any],
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        has_extra = type(self).set_extra_state is not Module.set_extra_state
        state.load(self, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs, has_extra)

    # ------------------------------------------------------------------------------------ hooks

    def register_forward_pre_hook(self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False) -> RemovableHandle:
        """Call ``hook(module, args)`` before each forward; what it returns replaces the arguments."""
        handle = register(self._forward_pre_hooks, hook, first=prepend)
        self._hook_options[handle.id] = {"kwargs"} if with_kwargs else set()
        return handle

    def register_forward_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False, always_call: bool = False
    ) -> RemovableHandle:
        """Call ``hook(module, args, output)`` after each forward; what it returns replaces the output."""
        handle = register(self._forward_hooks, hook, first=prepend)
        self._hook_options[handle.id] = ({"kwargs"} if with_kwargs else set()) | ({"always"} if always_call else set())
        return handle

    def register_full_backward_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(module, grad_output)`` before gradients pass the module; what it returns replaces them."""
        return register(self._backward_pre_hooks, hook, first=prepend)

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(module, grad_input, grad_output)`` when the gradients for the module's inputs are there; what it
        returns replaces grad_input.

        Raises RuntimeError on a module with hooks of ``register_backward_hook``.
        """
        if self._is_full_backward_hook is False:
            raise RuntimeError(MIXED.format("on a single Module"))
        self._is_full_backward_hook = True
        return register(self._backward_hooks, hook, first=prepend)

    def register_backward_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """The older form of ``register_full_backward_hook``, which sees the node of the module's output only."""
        if self._is_full_backward_hook is True:
            raise RuntimeError(MIXED.format("on a single Module"))
        self._is_full_backward_hook = False
        return register(self._backward_hooks, hook)

    def _public(self, hooks: HookDict, hook: Callable[..., Any]) -> RemovableHandle:
        handle = register(hooks, hook)
        self._hook_options[handle.id] = {"public"}
        return handle

    def register_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, prefix, keep_vars)`` before a state dict is made."""
        return register(self._state_dict_pre_hooks, hook)

    def register_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, state_dict, prefix, local_metadata)`` when a state dict was made."""
        return self._public(self._state_dict_hooks, hook)

    def _register_state_dict_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        return register(self._state_dict_hooks, hook)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)`` before
        the module takes its own part of a state dict."""
        return self._public(self._load_state_dict_pre_hooks, hook)

    def _register_load_state_dict_pre_hook(self, hook: Callable[..., Any], with_module: bool = False) -> RemovableHandle:
        return (self._public if with_module else register)(self._load_state_dict_pre_hooks, hook)

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, incompatible_keys)`` when a state dict was loaded."""
        return register(self._load_state_dict_post_hooks, hook)

    # ------------------------------------------------------------------------------------ showing

    def extra_repr(self) -> str:
        """What stands between the parentheses when the module is printed."""
        return ""

    def _get_name(self) -> str:
        return type(self).__name__

    def __repr__(self) -> str:
        extra = self.extra_repr()
        lines = extra.split("\n") if extra else []
        children = [f"({name}): " + repr(module).replace("\n", "\n  ") for name, module in self._modules.items()]
        if not children:
            return f"{self._get_name()}({extra})" if len(lines) <= 1 else f"{self._get_name()}(\n  " + "\n  ".join(lines) + "\n)"
        return f"{self._get_name()}(\n  " + "\n  ".join(lines + children) + "\n)"

    def __getstate__(self) -> dict[str, Any]:
        return dict(self.__dict__)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)


def _typename(value: Any) -> str:
    """How PyTorch's messages name the type of a value."""
    if isinstance(value, Tensor):
        return type_name(value)
    kind = value if isinstance(value, type) else type(value)
    module = "" if kind.__module__ in ("builtins", "__builtin__") else f"{kind.__module__}."
    return f"{module}{kind.__qualname__}"
