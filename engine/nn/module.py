"""Module: parameters, buffers and submodules under names, hooks around forward and backward, state dicts."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

from .. import dtypes
from ..autograd.function import Function
from ..autograd.grad_mode import mode, no_grad
from ..autograd.hooks import HookDict, RemovableHandle, register
from ..tape import recorder
from ..tape.schema import HookKind, NodeKind
from ..tensor import Tensor
from .parameter import Buffer, Parameter

M = TypeVar("M", bound="Module")


class IncompatibleKeys(NamedTuple):
    """What ``load_state_dict`` did not find, and found too much."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"_IncompatibleKeys(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"

    def __str__(self) -> str:
        return repr(self)


class _Running(threading.local):
    """The modules whose forward is running in this thread, outermost first, with the names of all modules below the outermost."""

    def __init__(self) -> None:
        self.stack: list[Module] = []
        self.names: dict[int, str] = {}


_running = _Running()


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


class Module:
    """Base of all neural network modules; a tree whose leaves are parameters.

    Subclasses assign parameters, buffers and modules to attributes after ``super().__init__()`` and write ``forward``.
    """

    training: bool
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
        put("_non_persistent", set())
        put("_modules", {})
        for name in (
            "_forward_pre_hooks",
            "_forward_hooks",
            "_backward_pre_hooks",
            "_backward_hooks",
            "_state_dict_hooks",
            "_load_pre_hooks",
            "_load_post_hooks",
        ):
            put(name, HookDict())
        put("_hook_options", {})

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes; to be written by subclasses."""
        raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')

    # ------------------------------------------------------------------------------------ calling

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        tape = recorder.current
        if tape is None:
            return self._run(args, kwargs)
        outermost = not _running.stack
        if outermost:
            _running.names = {id(m): n for n, m in self.named_modules()}
            for name, parameter in self.named_parameters():
                parameter._name = parameter._name or name
        path = _running.names.get(id(self))
        if path is None:
            path = type(self).__name__
        _running.stack.append(self)
        call = tape.enter_call(path, type(self).__name__)
        try:
            return self._run(args, kwargs)
        finally:
            _running.stack.pop()
            tape.leave_call(call)

    def _run(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if not (self._forward_pre_hooks or self._forward_hooks or self._backward_hooks or self._backward_pre_hooks or _global_hooks):
            return self.forward(*args, **kwargs)
        options = self._hook_options
        for key, hook in [*_global_hooks.forward_pre.items(), *self._forward_pre_hooks.items()]:
            before = args
            if "kwargs" in options.get(key, ()):
                changed = hook(self, args, kwargs)
                if changed is not None:
                    if not (isinstance(changed, tuple) and len(changed) == 2):
                        raise RuntimeError(f"forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got {changed}.")
                    args, kwargs = changed
            else:
                changed = hook(self, args)
                if changed is not None:
                    args = changed if isinstance(changed, tuple) else (changed,)
            _on_tape(HookKind.FORWARD_PRE, key, hook, before, args)
        boundary = (
            _Boundary(self)
            if self._backward_hooks or self._backward_pre_hooks or _global_hooks.backward or _global_hooks.backward_pre
            else None
        )
        if boundary is not None:
            args = boundary.enter(args)
        finished = False
        try:
            result = self.forward(*args, **kwargs)
            for key, hook in [*_global_hooks.forward.items(), *self._forward_hooks.items()]:
                shown = result
                changed = hook(self, args, kwargs, result) if "kwargs" in options.get(key, ()) else hook(self, args, result)
                if changed is not None:
                    result = changed
                _on_tape(HookKind.FORWARD, key, hook, (shown,), (result,))
            finished = True
        finally:
            if not finished:
                for key, hook in self._forward_hooks.items():
                    if "always" in options.get(key, ()):
                        hook(self, args, None)
        return boundary.leave(result) if boundary is not None else result

    # ------------------------------------------------------------------------------------ attributes

    def __setattr__(self, name: str, value: Any) -> None:
        own = self.__dict__
        if isinstance(value, Parameter):
            self._must_be_initialised(name, "parameters")
            self._forget(name)
            self.register_parameter(name, value)
        elif "_parameters" in own and name in self._parameters:
            if value is not None:
                raise TypeError(
                    f"cannot assign '{type(value).__module__}.{type(value).__name__}' as parameter '{name}' "
                    "(torch.nn.Parameter or None expected)"
                )
            self._parameters[name] = None
        elif isinstance(value, Module):
            self._must_be_initialised(name, "modules")
            self._forget(name)
            self._modules[name] = value
        elif "_modules" in own and name in self._modules:
            if value is not None:
                raise TypeError(f"cannot assign '{type(value).__name__}' as child module '{name}' (torch.nn.Module or None expected)")
            self._modules[name] = None
        elif isinstance(value, Buffer):
            self._must_be_initialised(name, "buffers")
            self._forget(name)
            self.register_buffer(name, value, value.persistent)
        elif "_buffers" in own and name in self._buffers:
            if value is not None and not isinstance(value, Tensor):
                raise TypeError(
                    f"cannot assign '{type(value).__name__}' object to buffer '{name}' (torch.nn.Buffer, torch.Tensor or None required)"
                )
            self._buffers[name] = value
        else:
            super().__setattr__(name, value)

    def __getattr__(self, name: str) -> Any:
        own = self.__dict__
        for store in ("_parameters", "_buffers", "_modules"):
            if store in own and name in own[store]:
                return own[store][name]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __delattr__(self, name: str) -> None:
        for store in (self._parameters, self._buffers, self._modules):
            if name in store:
                del store[name]
                self._non_persistent.discard(name)
                return
        super().__delattr__(name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._parameters, *self._buffers, *self._modules})

    def _must_be_initialised(self, name: str, what: str) -> None:
        if "_parameters" not in self.__dict__:
            raise AttributeError(f"cannot assign {what[:-1] if what != 'modules' else 'module'} before Module.__init__() call")

    def _forget(self, name: str) -> None:
        self.__dict__.pop(name, None)
        for store in (self._parameters, self._buffers, self._modules):
            store.pop(name, None)

    def _check_name(self, name: str, kind: str) -> None:
        if not isinstance(name, str):
            raise TypeError(f"{kind} name should be a string. Got {type(name).__name__}")
        if "." in name:
            raise KeyError(f'{kind} name can\'t contain ".", got: {name}')
        if name == "":
            raise KeyError(f'{kind} name can\'t be empty string ""')

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter, reachable as an attribute.

        Raises TypeError for what is no Parameter, KeyError for a bad or taken name, ValueError for a non-leaf.
        """
        self._must_be_initialised(name, "parameters")
        self._check_name(name, "parameter")
        if hasattr(self, name) and name not in self._parameters:
            raise KeyError(f"attribute '{name}' already exists")
        if param is not None:
            if not isinstance(param, Parameter):
                raise TypeError(
                    f"cannot assign '{type(param).__name__}' object to parameter '{name}' (torch.nn.Parameter or None required)"
                )
            if param.grad_fn is not None:
                raise ValueError(
                    f"Cannot assign non-leaf Tensor to parameter '{name}'. Model parameters must be created explicitly. To express "
                    f"'{name}' as a function of another Tensor, compute the value in the forward() method."
                )
        self._parameters[name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a tensor that is no parameter, reachable as an attribute; part of the state dict if ``persistent``."""
        self._must_be_initialised(name, "buffers")
        self._check_name(name, "buffer")
        if hasattr(self, name) and name not in self._buffers:
            raise KeyError(f"attribute '{name}' already exists")
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(f"cannot assign '{type(tensor).__name__}' object to buffer '{name}' (torch Tensor or None required)")
        self._buffers[name] = tensor
        (self._non_persistent.discard if persistent else self._non_persistent.add)(name)

    def add_module(self, name: str, module: Module | None) -> None:
        """Add a submodule, reachable as an attribute."""
        if module is not None and not isinstance(module, Module):
            raise TypeError(f"{type(module).__name__} is not a Module subclass")
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

    def get_parameter(self, target: str) -> Parameter:
        """The parameter of a dotted name."""
        path, _, name = target.rpartition(".")
        found = getattr(self.get_submodule(path), name)
        if not isinstance(found, Parameter):
            raise AttributeError(f"`{name}` is not an nn.Parameter")
        return found

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
        for module in reversed(list(self.modules())):
            fn(module)
        return self

    def _apply(self: M, change: Callable[[Tensor], Tensor]) -> M:
        for module in self.modules():
            for parameter in module._parameters.values():
                if parameter is not None:
                    with no_grad():
                        parameter.data = change(parameter.detach())
                        if parameter._grad is not None:
                            parameter._grad = change(parameter._grad)
            for name, buffer in module._buffers.items():
                if buffer is not None:
                    module._buffers[name] = change(buffer)
        return self

    # ------------------------------------------------------------------------------------ modes and moves

    def train(self: M, mode: bool = True) -> M:
        """Put the tree into training mode (dropout drops, batch norm learns its statistics), or out of it."""
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        for module in self.modules():
            module.training = mode
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
        """Move parameters and buffers to a device, and floating-point ones to a type."""
        kind: Any = kwargs.get("dtype")
        place: Any = kwargs.get("device")
        for a in args:
            if isinstance(a, dtypes.dtype):
                kind = a
            elif isinstance(a, Tensor):
                kind, place = a.dtype, a.device
            elif a is not None and not isinstance(a, bool):
                place = a
        return self._apply(lambda t: t.to(device=place, dtype=kind if t.dtype.category >= 2 else None))

    def type(self: M, dst_type: Any) -> M:
        """Convert all parameters and buffers."""
        return self._apply(lambda t: t.to(dst_type))

    def float(self: M) -> M:
        """Convert floating-point parameters and buffers to float32."""
        return self.to(dtypes.float32)

    def double(self: M) -> M:
        """Convert floating-point parameters and buffers to float64."""
        return self.to(dtypes.float64)

    def half(self: M) -> M:
        """Convert floating-point parameters and buffers to float16."""
        return self.to(dtypes.float16)

    def cpu(self: M) -> M:
        """Move parameters and buffers to the CPU."""
        return self.to("cpu")

    def cuda(self: M, device: Any = None) -> M:
        """Move parameters and buffers to a GPU."""
        return self.to("cuda" if device is None else device)

    # ------------------------------------------------------------------------------------ state

    def state_dict(self, *, destination: Any = None, prefix: str = "", keep_vars: bool = False) -> OrderedDict[str, Any]:
        """Parameters and persistent buffers under dotted names, as detached aliases unless ``keep_vars``."""
        state: OrderedDict[str, Any] = OrderedDict() if destination is None else destination
        for path, module in self.named_modules(prefix=prefix.rstrip("."), remove_duplicate=False):
            lead = f"{path}." if path else ""
            for store, skip in ((module._parameters, ()), (module._buffers, module._non_persistent)):
                for name, value in store.items():
                    if value is not None and name not in skip:
                        state[lead + name] = value if keep_vars else value.detach()
            for hook in module._state_dict_hooks.values():
                hook(module, state, lead, {})
        return state

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False) -> IncompatibleKeys:
        """Copy a state dict into parameters and buffers.

        Raises RuntimeError listing missing and unexpected keys (if ``strict``) and shapes that differ; nothing is changed then.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        own = self.state_dict(keep_vars=True)
        problems: list[str] = []
        missing = [k for k in own if k not in state_dict]
        unexpected = [k for k in state_dict if k not in own]
        if strict and unexpected:
            problems.append("Unexpected key(s) in state_dict: " + ", ".join(f'"{k}"' for k in unexpected) + ". ")
        if strict and missing:
            problems.append("Missing key(s) in state_dict: " + ", ".join(f'"{k}"' for k in missing) + ". ")
        for k, value in own.items():
            if k in state_dict and tuple(state_dict[k].shape) != tuple(value.shape):
                problems.append(
                    f"size mismatch for {k}: copying a param with shape {state_dict[k].shape} from checkpoint, "
                    f"the shape in current model is {value.shape}."
                )
        if problems:
            raise RuntimeError(f"Error(s) in loading state_dict for {type(self).__name__}:\n\t" + "\n\t".join(problems))
        with no_grad():
            for k, value in own.items():
                if k not in state_dict:
                    continue
                if assign:
                    path, _, name = k.rpartition(".")
                    module, given = self.get_submodule(path), state_dict[k]
                    if isinstance(value, Parameter):
                        module._parameters[name] = given if isinstance(given, Parameter) else Parameter(given, value.requires_grad)
                    else:
                        module._buffers[name] = given
                else:
                    value.copy_(state_dict[k])
        result = IncompatibleKeys(missing, unexpected)
        for module in self.modules():
            for hook in module._load_post_hooks.values():
                hook(module, result)
        return result

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
        returns replaces grad_input."""
        return register(self._backward_hooks, hook, first=prepend)

    register_backward_hook = register_full_backward_hook

    def register_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, state_dict, prefix, local_metadata)`` when a state dict was made."""
        return register(self._state_dict_hooks, hook)

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, incompatible_keys)`` when a state dict was loaded."""
        return register(self._load_post_hooks, hook)

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


class _Boundary:
    """The two boundary nodes around one call of a module with backward hooks: one behind its inputs, one at its outputs."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.grad_outputs: tuple[Any, ...] = ()
        self.inputs_have_node = False

    def _through(self, value: Any, hook: Callable[[Any, list[int], int], None]) -> Any:
        values = list(value) if isinstance(value, tuple) else [value]
        places = [i for i, v in enumerate(values) if isinstance(v, Tensor)]
        if not mode.enabled or not any(values[i].requires_grad for i in places):
            return value
        passed = BackwardHookFunction.apply(*[values[i] for i in places])
        node = next(p.grad_fn for p in passed if p.grad_fn is not None)
        hook(node, places, len(values))
        for i, p in zip(places, passed, strict=True):
            values[i] = p
        return tuple(values) if isinstance(value, tuple) else values[0]

    def enter(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        return self._through(args, self._at_inputs)  # type: ignore[no-any-return]

    def leave(self, result: Any) -> Any:
        if isinstance(result, (tuple, Tensor)):
            return self._through(result, self._at_outputs)
        return result

    def _spread(self, grads: tuple[Any, ...], places: list[int], count: int) -> tuple[Any, ...]:
        spread: list[Any] = [None] * count
        for i, g in zip(places, grads, strict=True):
            spread[i] = g
        return tuple(spread)

    def _at_inputs(self, node: Any, places: list[int], count: int) -> None:
        self.inputs_have_node = True

        def fire(grad_inputs: tuple[Any, ...], _: Any) -> Any:
            given = self._spread(grad_inputs, places, count)
            changed = self._call_backward_hooks(given, node)
            return tuple(changed[i] for i in places)

        node.register_hook(fire)

    def _at_outputs(self, node: Any, places: list[int], count: int) -> None:
        def fire(grad_outputs: tuple[Any, ...]) -> Any:
            given = self._spread(grad_outputs, places, count)
            for key, hook in [*_global_hooks.backward_pre.items(), *self.module._backward_pre_hooks.items()]:
                before = given
                changed = hook(self.module, given)
                if changed is not None:
                    given = changed if isinstance(changed, tuple) else (changed,)
                    if len(given) != count:
                        raise RuntimeError(
                            f"Backward pre hook returned an invalid number of grad_output, got {len(given)}, but expected {count}"
                        )
                _on_tape(HookKind.MODULE_PRE, key, hook, before, given, node)
            self.grad_outputs = given
            if not self.inputs_have_node:
                self._call_backward_hooks((), node)
            return tuple(given[i] for i in places)

        node.register_prehook(fire)

    def _call_backward_hooks(self, grad_inputs: tuple[Any, ...], node: Any) -> tuple[Any, ...]:
        for key, hook in [*_global_hooks.backward.items(), *self.module._backward_hooks.items()]:
            before = grad_inputs
            changed = hook(self.module, grad_inputs if grad_inputs else (None,), self.grad_outputs)
            if changed is not None and grad_inputs:
                grad_inputs = changed if isinstance(changed, tuple) else (changed,)
                if len(grad_inputs) != len(before):
                    raise RuntimeError(
                        f"Backward hook returned an invalid number of grad_input, got {len(grad_inputs)}, but expected {len(before)}"
                    )
            _on_tape(HookKind.MODULE, key, hook, before, grad_inputs, node)
        return grad_inputs


def _on_tape(kind: int, key: int, hook: Any, before: Any, after: Any, node: Any = None) -> None:
    if recorder.current is not None:
        from_run = None

        def only(values: Any) -> tuple[Any, ...]:
            return tuple(v if isinstance(v, Tensor) else None for v in (values if isinstance(values, tuple) else (values,)))

        recorder.current.hook_called(from_run, kind, key, hook, only(before), only(after), node=node)


class _GlobalHooks:
    """Hooks on every module."""

    def __init__(self) -> None:
        self.forward_pre = HookDict()
        self.forward = HookDict()
        self.backward_pre = HookDict()
        self.backward = HookDict()

    def __bool__(self) -> bool:
        return bool(self.forward_pre or self.forward or self.backward_pre or self.backward)


_global_hooks = _GlobalHooks()


def register_module_forward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, args)`` before each forward of every module."""
    return register(_global_hooks.forward_pre, hook)


def register_module_forward_hook(hook: Callable[..., Any], *, with_kwargs: bool = False, always_call: bool = False) -> RemovableHandle:
    """Call ``hook(module, args, output)`` after each forward of every module."""
    return register(_global_hooks.forward, hook)


def register_module_full_backward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, grad_output)`` before gradients pass any module."""
    return register(_global_hooks.backward_pre, hook)


def register_module_full_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, grad_input, grad_output)`` after gradients passed any module."""
    return register(_global_hooks.backward, hook)
