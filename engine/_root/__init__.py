"""gradstep: a desktop debugger for autograd, and the define-by-run engine that it steps through."""

from typing import Any


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version  # a third of numpy's import: nobody else asks for it

        globals()[name] = found = version("gradstep")
        return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
