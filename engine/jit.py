"""``torch.jit``: nothing is compiled; functions and modules run as they are."""

from __future__ import annotations

from typing import Any, Final

__all__ = [
    "Final",
    "annotate",
    "export",
    "ignore",
    "is_scripting",
    "is_tracing",
    "isinstance",
    "script",
    "script_method",
    "trace",
    "unused",
]


def script(obj: Any, *_: Any, **__: Any) -> Any:
    """The function, class or module itself."""
    return obj


def trace(func: Any, *_: Any, **__: Any) -> Any:
    """The function or module itself; example inputs are not looked at."""
    return func


def freeze(mod: Any, *_: Any, **__: Any) -> Any:
    """The module itself."""
    return mod


optimize_for_inference = freeze
script_method = script
export = script


def script_if_tracing(fn: Any) -> Any:
    """The function itself."""
    return fn


def ignore(drop: Any = False, **_: Any) -> Any:
    """The function itself; a decorator where it is called with options."""
    return drop if callable(drop) else lambda fn: fn


def unused(fn: Any) -> Any:
    """The function itself."""
    return fn


def is_scripting() -> bool:
    """Whether code is being compiled: it is not."""
    return False


def is_tracing() -> bool:
    """Whether code is being traced: it is not."""
    return False


def annotate(the_type: Any, the_value: Any) -> Any:
    """The value."""
    return the_value


def isinstance(obj: Any, target_type: Any) -> bool:
    """As Python's."""
    import builtins

    return builtins.isinstance(obj, target_type)


def fork(func: Any, *args: Any, **kwargs: Any) -> Any:
    """The result of the function, which is called at once."""
    return func(*args, **kwargs)


def wait(future: Any) -> Any:
    """What ``fork`` gave."""
    return future


def save(m: Any, f: Any, _extra_files: Any = None) -> None:
    """Raises RuntimeError: there is no compiled module to save."""
    raise RuntimeError("torch.jit.save: gradstep's engine compiles nothing; save the state dict of the module")


def load(f: Any, map_location: Any = None, _extra_files: Any = None) -> None:
    """Raises RuntimeError: compiled modules cannot be run."""
    raise RuntimeError("torch.jit.load: gradstep's engine runs no compiled modules; build the module in Python and load its state dict")
