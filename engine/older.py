"""What Python 3.9 and 3.10 lack of what the parts use that also run in a user's own interpreter: the tape's writing side and the
debugger's part in the user's process. All else of gradstep needs Python 3.11.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from operator import attrgetter
from types import CodeType
from typing import Any, TypeVar

T = TypeVar("T")

if sys.version_info >= (3, 10):  # noqa: UP036  (the interpreter may be any that the user chose)
    from dataclasses import dataclass
else:
    import dataclasses

    def dataclass(cls: type[T] | None = None, *, slots: bool = False, **options: Any) -> Any:
        """``dataclasses.dataclass``, without slots where there are none to be had."""
        return dataclasses.dataclass(**options) if cls is None else dataclasses.dataclass(cls, **options)


# A function's name with those of the classes and functions around it; before Python 3.11 a code object knows its own name alone.
qualname: Callable[[CodeType], str] = attrgetter("co_qualname" if hasattr(CodeType, "co_qualname") else "co_name")

__all__ = ["dataclass", "qualname"]
