"""Parameters that are computed from others: ``register_parametrization`` and what belongs to it."""

from __future__ import annotations

import contextlib
import copy
import threading
from collections.abc import Iterator
from typing import Any

from ...autograd.grad_mode import no_grad
from ..containers import ModuleDict, ModuleList
from ..module import Module
from ..parameter import Parameter


class _Cache(threading.local):
    def __init__(self) -> None:
        self.depth = 0
        self.values: dict[tuple[int, str], Any] = {}


_cache = _Cache()


@contextlib.contextmanager
def cached() -> Iterator[None]:
    """Inside, each parametrized tensor is computed once."""
    _cache.depth += 1
    try:
        yield
    finally:
        _cache.depth -= 1
        if not _cache.depth:
            _cache.values.clear()


class ParametrizationList(ModuleList):
    """The parametrizations of one tensor, and the ``original`` that they start from."""

    def __init__(self, modules: list[Module], original: Any, unsafe: bool = False) -> None:
        super().__init__(modules)
        self.unsafe = unsafe
        with no_grad():
            value = original
            for module in reversed(list(self)):
                if hasattr(module, "right_inverse"):
                    value = module.right_inverse(value)
        self.is_tensor = not isinstance(value, (tuple, list))
        parts = {"original": value} if self.is_tensor else {f"original{i}": v for i, v in enumerate(value)}
        self.ntensors = len(parts)
        for name, part in parts.items():
            if isinstance(original, Parameter):
                keep = original if self.is_tensor else None
                if keep is not None:
                    keep.data = part.data
                self.register_parameter(name, keep if keep is not None else Parameter(part.detach(), original.requires_grad))
            else:
                self.register_buffer(name, part)

    def forward(self) -> Any:
        names = ["original"] if self.is_tensor else [f"original{i}" for i in range(self.ntensors)]
        value = self[0](*[getattr(self, name) for name in names])
        for module in list(self)[1:]:
            value = module(value)
        return value


def _inject(module: Module, name: str) -> None:
    """Make the attribute a property that computes the tensor; the module gets a class of its own."""
    kind = type(module)
    if not hasattr(module, "parametrizations"):
        made = type(f"Parametrized{kind.__name__}", (kind,), {"__deepcopy__": _deep_copy})
        module.__class__ = made
        module.parametrizations = ModuleDict()

    def get(self: Any) -> Any:
        if not _cache.depth:
            return self.parametrizations[name]()
        key = (id(self), name)
        if key not in _cache.values:
            _cache.values[key] = self.parametrizations[name]()
        return _cache.values[key]

    def put(self: Any, value: Any) -> None:
        held = self.parametrizations[name]
        with no_grad():
            for step in reversed(list(held)):
                value = step.right_inverse(value)
            held.original.data.copy_(value)

    setattr(type(module), name, property(get, put))


def _deep_copy(self: Any, memo: dict[int, Any]) -> Any:
    if id(self) in memo:
        return memo[id(self)]
    made = self.__new__(type(self))
    memo[id(self)] = made
    made.__dict__ = copy.deepcopy(self.__dict__, memo)
    return made


def register_parametrization(module: Module, tensor_name: str, parametrization: Module, *, unsafe: bool = False) -> Module:
    """From now on the tensor is ``parametrization(original)``, computed whenever it is asked for.

    Raises ValueError where the module has no such parameter or buffer, or the result has another shape or type.
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        held = module.parametrizations[tensor_name]
        with no_grad():
            if hasattr(parametrization, "right_inverse"):
                value = getattr(module, tensor_name)
                for step in reversed([*held, parametrization]):
                    value = step.right_inverse(value) if hasattr(step, "right_inverse") else value
                held.original.data.copy_(value)
        held.append(parametrization)
        return module
    if tensor_name not in module._parameters and tensor_name not in module._buffers:
        raise ValueError(f"Module '{module}' does not have a parameter, a buffer, or a parametrized element with name '{tensor_name}'")
    original = getattr(module, tensor_name)
    shape, kind = original.shape, original.dtype
    held = ParametrizationList([parametrization], original, unsafe)
    if not unsafe:
        with no_grad():
            value = held()
        if value.dtype is not kind or value.shape != shape:
            raise ValueError(
                "Registering a parametrization may not change the shape or the dtype of the tensor, unless the `unsafe` flag is enabled. "
                f"{tensor_name}: {tuple(shape)} {kind} became {tuple(value.shape)} {value.dtype}"
            )
    delattr(module, tensor_name)
    _inject(module, tensor_name)
    module.parametrizations[tensor_name] = held
    return module


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether the module has parametrizations, or one of this tensor."""
    held = module._modules.get("parametrizations")
    if not isinstance(held, ModuleDict):
        return False
    return len(held) > 0 if tensor_name is None else tensor_name in held


def remove_parametrizations(module: Module, tensor_name: str, leave_parametrized: bool = True) -> Module:
    """Make the tensor a plain parameter or buffer again: with its computed value, or its original one.

    Raises ValueError where it has no parametrization.
    """
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"Module {module} does not have a parametrization on {tensor_name}")
    held = module.parametrizations[tensor_name]
    if not leave_parametrized and not held.is_tensor:
        raise ValueError(
            "Cannot leave unparametrized (`leave_parametrized=False`) a tensor that is parametrized in terms of a sequence of tensors."
        )
    original = held.original if held.is_tensor else held.original0
    with no_grad():
        value = getattr(module, tensor_name) if leave_parametrized else original
    delattr(type(module), tensor_name)
    del module.parametrizations[tensor_name]
    if isinstance(original, Parameter):
        if held.is_tensor:
            original.data = value.data
        else:
            original = Parameter(value.detach(), original.requires_grad)
        module.register_parameter(tensor_name, original)
    else:
        module.register_buffer(tensor_name, value)
    if not is_parametrized(module):
        delattr(module, "parametrizations")
        module.__class__ = type(module).__mro__[1]
    return module


def type_before_parametrizations(module: Module) -> type:
    """The class that the module had before it was given parametrizations."""
    return type(module).__mro__[1] if is_parametrized(module) else type(module)
