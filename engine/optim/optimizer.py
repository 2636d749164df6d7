"""Optimizer: groups of parameters with their options and state, and one step over all of them."""

from __future__ import annotations

import functools
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import Any

from .. import creation, dtypes
from ..autograd.grad_mode import enable_grad, no_grad
from ..autograd.hooks import HookDict, RemovableHandle, register
from ..tape import recorder
from ..tensor import Tensor


class _Required:
    def __repr__(self) -> str:
        return "<required parameter>"


required = _Required()
everywhere_before = HookDict()  # the hooks on the steps of all optimizers
everywhere_after = HookDict()


def register_optimizer_step_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(optimizer, args, kwargs)`` before each step of every optimizer."""
    return register(everywhere_before, hook)


def register_optimizer_step_post_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(optimizer, args, kwargs)`` after each step of every optimizer."""
    return register(everywhere_after, hook)


def _hooked(step: Callable[..., Any]) -> Callable[..., Any]:
    """``step`` with the optimizer's hooks before and after it, however deep ``super().step()`` goes."""

    @functools.wraps(step)
    def around(self: Optimizer, *args: Any, **kwargs: Any) -> Any:
        if self._stepping:
            return step(self, *args, **kwargs)
        self._stepping = True
        try:
            for hook in [*everywhere_before.values(), *self._optimizer_step_pre_hooks.values()]:
                changed = hook(self, args, kwargs)
                if changed is not None:
                    if not (isinstance(changed, tuple) and len(changed) == 2):
                        raise RuntimeError(f"{step} must return None or a tuple of (new_args, new_kwargs), but got {changed}.")
                    args, kwargs = changed
            if self.stepped is False:
                self.stepped = True
            if recorder.current is not None:
                self._tell(recorder.current)
            result = step(self, *args, **kwargs)
            for hook in [*self._optimizer_step_post_hooks.values(), *everywhere_after.values()]:
                hook(self, args, kwargs)
            return result
        finally:
            self._stepping = False

    return around


class Optimizer:
    """Base of all optimizers.

    params: tensors, pairs of name and tensor, or dictionaries with ``params`` and options of their own. defaults: the options
    of groups that do not say otherwise. Raises TypeError for a single tensor, ValueError for no parameters or one that stands
    in two groups.
    """

    _stepping = False
    _made_at: Any = None  # the user's line, where that is recorded
    _told: tuple[Any, int] | None = None  # the recorder that knows of this optimizer, and of how many groups
    stepped: bool | None = None  # since the first schedule was made for this optimizer; None: there is none

    def __init__(self, params: Any, defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        self.state: defaultdict[Tensor, Any] = defaultdict(dict)
        self.param_groups: list[dict[str, Any]] = []
        self._made_at = recorder.current.here() if recorder.current is not None else None
        self._make_hooks()
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, but got "
                f"torch.{params.dtype.legacy}Tensor"
            )
        groups = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def _tell(self, tape: Any) -> None:
        """Say on the tape which parameters are optimized, once."""
        if self._told != (told := (tape, len(self.param_groups))):
            self._told = told
            tape.optimizer(type(self).__name__, [p for group in self.param_groups for p in group["params"]], self._made_at)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "step" in cls.__dict__:
            cls.step = _hooked(cls.__dict__["step"])  # type: ignore[method-assign]

    def _make_hooks(self) -> None:
        self._optimizer_step_pre_hooks = HookDict()
        self._optimizer_step_post_hooks = HookDict()
        self._state_dict_pre_hooks = HookDict()
        self._state_dict_post_hooks = HookDict()
        self._load_state_dict_pre_hooks = HookDict()
        self._load_state_dict_post_hooks = HookDict()

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group: a dictionary with ``params`` and options."""
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        group = param_group
        params = group["params"]
        if isinstance(params, Tensor):
            params = [params]
        elif isinstance(params, set):
            raise TypeError(
                "optimizer parameters need to be organized in ordered collections, but the ordering of tensors in sets "
                "will change between runs. Please use a list instead."
            )
        params = list(params)
        names = [p[0] for p in params if isinstance(p, tuple)]
        params = [p[1] if isinstance(p, tuple) else p for p in params]
        for p in params:
            if not isinstance(p, Tensor):
                raise TypeError("optimizer can only optimize Tensors, but one of the params is " + _typename(p))
            if not self.defaults.get("differentiable", None) and not p.is_leaf and not p._retains:
                raise ValueError("can't optimize a non-leaf Tensor")
        group["params"] = params
        if names:
            if len(names) != len(params):
                raise ValueError("all optimizer params should be with/without names. Some param names are missing")
            group["param_names"] = names
        for name, value in self.defaults.items():
            if value is required and name not in group:
                raise ValueError(f"parameter group didn't specify a value of required optimization parameter {name}")
            group.setdefault(name, value)
        if len({id(p) for p in params}) != len(params):
            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters; in future, this will cause an error; "
                "see github.com/pytorch/pytorch/issues/40967 for more information",
                stacklevel=3,
            )
        if any(("param_names" in g) != ("param_names" in group) for g in self.param_groups):
            raise ValueError(
                "all optimizer param groups should be with/without names. cannot add param group "
                f"{'with' if 'param_names' in group else 'without'} names to the optimizer"
            )
        there = {id(p) for g in self.param_groups for p in g["params"]}
        if any(id(p) in there for p in params):
            raise ValueError("some parameters appear in more than one parameter group")
        self.param_groups.append(group)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or set them to zero."""
        for group in self.param_groups:
            for p in group["params"]:
                if p._grad is not None:
                    if set_to_none:
                        p._grad = None
                    else:
                        p._grad = p._grad.detach()
                        p._grad.zero_()

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update all parameters that have a gradient. ``closure`` computes the loss anew and its value is returned."""
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        with no_grad():
            for group in self.param_groups:
                rate = group.get("lr")
                options = {**group, "lr": rate.item()} if isinstance(rate, Tensor) else group
                for p in group["params"]:
                    if p._grad is not None:
                        state = self.state.get(p, {})
                        self._update(p, p._grad, options, state)
                        if state:
                            self.state[p] = state
        return loss

    def _update(self, p: Tensor, grad: Any, group: dict[str, Any], state: dict[str, Any]) -> None:
        """Change ``p`` in place by its gradient."""
        raise NotImplementedError

    # ------------------------------------------------------------------------------------ hooks

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(optimizer, args, kwargs)`` before each step."""
        return register(self._optimizer_step_pre_hooks, hook)

    def register_step_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(optimizer, args, kwargs)`` after each step."""
        return register(self._optimizer_step_post_hooks, hook)

    def register_state_dict_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(optimizer)`` before a state dict is made."""
        return register(self._state_dict_pre_hooks, hook, first=prepend)

    def register_state_dict_post_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(optimizer, state_dict)`` when a state dict was made; what it returns replaces it."""
        return register(self._state_dict_post_hooks, hook, first=prepend)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(optimizer, state_dict)`` before a state dict is loaded; what it returns replaces it."""
        return register(self._load_state_dict_pre_hooks, hook, first=prepend)

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(optimizer)`` when a state dict was loaded."""
        return register(self._load_state_dict_post_hooks, hook, first=prepend)

    # ------------------------------------------------------------------------------------ state

    def state_dict(self) -> dict[str, Any]:
        """State and options, parameters replaced by numbers in their order."""
        for hook in list(self._state_dict_pre_hooks.values()):
            hook(self)
        numbers: dict[int, int] = {}
        for group in self.param_groups:
            for p in group["params"]:
                numbers.setdefault(id(p), len(numbers))
        groups = [
            {**{k: v for k, v in g.items() if k != "params"}, "params": [numbers[id(p)] for p in g["params"]]} for g in self.param_groups
        ]
        made: dict[str, Any] = {
            "state": {numbers[id(p)] if isinstance(p, Tensor) else p: s for p, s in self.state.items()},
            "param_groups": groups,
        }
        for hook in list(self._state_dict_post_hooks.values()):
            made = hook(self, made) or made
        return made

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a state dict; its tensors are brought to the types and devices of the parameters.

        Raises ValueError where groups or their sizes differ.
        """
        for hook in list(self._load_state_dict_pre_hooks.values()):
            state_dict = hook(self, state_dict) or state_dict
        given = deepcopy(dict(state_dict))
        groups = given["param_groups"]
        if len(groups) != len(self.param_groups):
            raise ValueError("loaded state dict has a different number of parameter groups")
        if any(len(a["params"]) != len(b["params"]) for a, b in zip(groups, self.param_groups, strict=True)):
            raise ValueError("loaded state dict contains a parameter group that doesn't match the size of optimizer's group")
        tensors: dict[int, Tensor] = {}
        for number, (new, own) in enumerate(zip(groups, self.param_groups, strict=True)):
            tensors.update(zip(new["params"], own["params"], strict=True))
            if "param_names" in own and "param_names" not in new:
                new["param_names"] = own["param_names"]
            new["params"] = own["params"]
            self.param_groups[number] = new
        self.state = defaultdict(dict)
        for key, value in given["state"].items():
            p = tensors.get(key)
            self.state[key if p is None else p] = value if p is None else _like(p, value)
        for hook in list(self._load_state_dict_post_hooks.values()):
            hook(self)

    def __getstate__(self) -> dict[str, Any]:
        return {"defaults": self.defaults, "state": self.state, "param_groups": self.param_groups}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._make_hooks()

    def __repr__(self) -> str:
        text = f"{type(self).__name__} ("
        for i, group in enumerate(self.param_groups):
            text += f"\nParameter Group {i}\n" + "".join(f"    {k}: {group[k]}\n" for k in sorted(group) if k != "params")
        return text + ")"


Optimizer.step = _hooked(Optimizer.step)  # type: ignore[method-assign]


def _typename(value: Any) -> str:
    return type(value).__name__


def _like(p: Tensor, value: Any, key: str = "") -> Any:
    """Loaded state with its tensors as the parameter is; steps are counted in a type of their own."""
    if isinstance(value, Tensor):
        return value if key == "step" or not p.is_floating_point() else value.to(device=p.device, dtype=p.dtype)
    if isinstance(value, dict):
        return {k: _like(p, v, k) for k, v in value.items()}
    return type(value)(_like(p, v) for v in value) if isinstance(value, (list, tuple)) else value


# ------------------------------------------------------------------------------------------------------ for the algorithms


def check(options: Iterable[tuple[str, Any, bool]]) -> None:
    """Raise ValueError for the first option that is not valid."""
    for name, value, valid in options:
        if not valid:
            raise ValueError(f"Invalid {name}: {value}")


def one_number(lr: Any, foreach: bool | None = None, capturable: bool = True) -> Any:
    """``lr`` itself. Raises ValueError for a tensor of another number of elements than one, and one where PyTorch takes none."""
    if isinstance(lr, Tensor):
        if foreach and not capturable:
            raise ValueError("lr as a Tensor is not supported for capturable=False and foreach=True")
        if lr.numel() != 1:
            raise ValueError("Tensor lr must be 1-element")
    return lr


def check_fused(fused: bool | None, foreach: bool | None, differentiable: bool) -> None:
    """Raise RuntimeError for flags that exclude each other."""
    if fused and differentiable:
        raise RuntimeError("`fused` does not support `differentiable`")
    if fused and foreach:
        raise RuntimeError("`fused` and `foreach` cannot be `True` together.")


def zeros_like(p: Tensor) -> Any:
    """State for a parameter: zeros of its shape and type."""
    return creation.zeros_like(p)


def descent(group: dict[str, Any], grad: Any) -> Any:
    """The gradient to go down along: with ``maximize`` the negative one."""
    return -grad if group["maximize"] else grad


def counter(value: float = 0.0) -> Any:
    """A number in the state, as PyTorch keeps it: a 0-d float tensor on the CPU."""
    kind = dtypes.get_default_dtype()
    return creation.tensor(value, dtype=kind if kind is dtypes.float64 else dtypes.float32)


def advance(number: Any, times: float | None = None) -> float:
    """Count one further (or multiply), in place and unseen by a tape; gives the new value."""
    if times is None:
        number._data += 1
    else:
        number._data *= times
    return float(number._data)
