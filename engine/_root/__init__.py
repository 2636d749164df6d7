"""gradstep: a desktop debugger for autograd, and the define-by-run engine that it steps through."""

from importlib.metadata import version

__version__ = version("gradstep")
