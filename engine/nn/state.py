"""State dicts of modules: parameters and persistent buffers under dotted names, given out and taken back."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, NamedTuple

from ..autograd.grad_mode import no_grad
from ..tensor import Tensor
from .parameter import Parameter

EXTRA = "_extra_state"


class _IncompatibleKeys(NamedTuple):
    """What ``load_state_dict`` did not find, and found too much."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"_IncompatibleKeys(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"

    def __str__(self) -> str:
        return repr(self)


def _own(module: Any) -> dict[str, Any]:
    """What of a module itself (not of those below) is saved."""
    kept = {n: b for n, b in module._buffers.items() if n not in module._non_persistent_buffers_set}
    return {n: v for n, v in {**module._parameters, **kept}.items() if v is not None}


def save(module: Any, destination: Any, prefix: str, keep_vars: bool, has_extra: bool) -> None:
    """Put what belongs to this module alone into ``destination``."""
    for name, value in _own(module).items():
        lazy = getattr(value, "uninitialised", False)  # has no values that could be detached
        destination[prefix + name] = value if keep_vars or lazy else value.detach()
    if has_extra:
        destination[prefix + EXTRA] = module.get_extra_state()


def state_dict(module: Any, destination: Any, prefix: str, keep_vars: bool) -> Any:
    """The state of the tree below ``module`` with its hooks called, in PyTorch's order; versions stand in ``_metadata``."""
    if destination is None:
        destination = OrderedDict()
        destination._metadata = OrderedDict()
    about = {"version": module._version}
    if hasattr(destination, "_metadata"):
        destination._metadata[prefix[:-1]] = about
    for hook in list(module._state_dict_pre_hooks.values()):
        hook(module, prefix, keep_vars)
    module._save_to_state_dict(destination, prefix, keep_vars)
    for name, child in module._modules.items():
        if child is not None:
            child.state_dict(destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
    for key, hook in list(module._state_dict_hooks.items()):
        changed = hook(module, destination, prefix, about)
        if changed is not None:
            if "public" in module._hook_options.get(key, ()):
                raise RuntimeError("state_dict post-hook must return None")
            destination = changed
    return destination


def load(
    module: Any,
    state: Mapping[str, Any],
    prefix: str,
    about: dict[str, Any],
    strict: bool,
    missing: list[str],
    unexpected: list[str],
    problems: list[str],
    has_extra: bool,
) -> None:
    """Take what belongs to this module alone out of ``state``; names that lack or are too much, and errors, go into the lists."""
    for key, hook in list(module._load_state_dict_pre_hooks.items()):
        first = (module,) if "public" in module._hook_options.get(key, ()) else ()
        hook(*first, state, prefix, about, strict, missing, unexpected, problems)
    own = _own(module)
    for name, value in own.items():
        full = prefix + name
        if full in state:
            problem = _put(module, name, value, full, state[full], about.get("assign_to_params_buffers", False))
            if problem:
                problems.append(problem)
        elif strict:
            missing.append(full)
    if has_extra and prefix + EXTRA in state:
        module.set_extra_state(state[prefix + EXTRA])
    elif has_extra and strict:
        missing.append(prefix + EXTRA)
    if not strict:
        return
    for full in state:
        if full.startswith(prefix) and not (has_extra and full == prefix + EXTRA):
            name, dot, _ = full[len(prefix) :].partition(".")
            if name not in (module._modules if dot else own):
                unexpected.append(full)


def _put(module: Any, name: str, value: Tensor, full: str, given: Any, assign: bool) -> str:
    """Bring one saved value into the module; says what is wrong, or nothing."""
    if not isinstance(given, Tensor):
        return (
            f'While copying the parameter named "{full}", expected torch.Tensor or Tensor-like object from checkpoint but '
            f"received {type(given)}"
        )
    if value.ndim == 0 and given.ndim == 1:  # as PyTorch 0.3 saved numbers
        given = given[0]
    lazy = getattr(value, "uninitialised", False)
    if lazy and getattr(given, "uninitialised", False):
        return ""
    if not lazy and given.shape != value.shape:
        return (
            f"size mismatch for {full}: copying a param with shape {given.shape} from checkpoint, "
            f"the shape in current model is {value.shape}."
        )
    try:
        with no_grad():
            if lazy:
                value.materialize(given.shape)
            if not assign:
                value.copy_(given)
            elif isinstance(value, Parameter) and not isinstance(given, Parameter):
                setattr(module, name, Parameter(given, value.requires_grad))
            else:
                setattr(module, name, given.requires_grad_(value.requires_grad) if isinstance(value, Parameter) else given)
    except Exception as error:  # whatever copying raises is reported with the others, in PyTorch's words
        return (
            f'While copying the parameter named "{full}", whose dimensions in the model are {value.shape} and whose dimensions in the '
            f"checkpoint are {given.shape}, an exception occurred : {error.args}."
        )
    return ""


def load_state_dict(module: Any, state_dict: Mapping[str, Any], strict: bool, assign: bool) -> _IncompatibleKeys:
    """Fill the tree below ``module``; errors as ``Module.load_state_dict``."""
    if not isinstance(state_dict, Mapping):
        raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
    metadata = getattr(state_dict, "_metadata", None)
    missing: list[str] = []
    unexpected: list[str] = []
    problems: list[str] = []

    def fill(part: Any, state: Mapping[str, Any], prefix: str) -> None:
        about = {} if metadata is None else dict(metadata.get(prefix[:-1], {}))
        if assign:
            about["assign_to_params_buffers"] = True
        part._load_from_state_dict(state, prefix, about, True, missing, unexpected, problems)
        for name, child in part._modules.items():
            if child is not None:
                below = f"{prefix}{name}."
                fill(child, {k: v for k, v in state.items() if k.startswith(below)}, below)
        keys = _IncompatibleKeys(missing, unexpected)
        for hook in list(part._load_state_dict_post_hooks.values()):
            if hook(part, keys) is not None:
                raise AssertionError(
                    "Hooks registered with ``register_load_state_dict_post_hook`` are not expected to return new values, if "
                    "incompatible_keys need to be modified, it should be done inplace."
                )

    fill(module, OrderedDict(state_dict), "")
    if strict:
        if unexpected:
            problems.insert(0, f"Unexpected key(s) in state_dict: {_quoted(unexpected)}. ")
        if missing:
            problems.insert(0, f"Missing key(s) in state_dict: {_quoted(missing)}. ")
    if problems:
        raise RuntimeError("Error(s) in loading state_dict for {}:\n\t{}".format(type(module).__name__, "\n\t".join(problems)))
    return _IncompatibleKeys(missing, unexpected)


def _quoted(names: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
