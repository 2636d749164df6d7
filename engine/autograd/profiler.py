"""How long ops take, under the names of ``torch.autograd.profiler``: wall time of each op and of each named block.
On a GPU that is until the GPU is done with it.

While a ``profile`` is open every op goes the general way and is timed; an op that calls others counts their time in its
total and not in its own.
"""

from __future__ import annotations

import functools
import json
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from time import perf_counter
from typing import Any

from .. import devices
from ..tensor import Tensor
from .grad_mode import mode

__all__ = ["EventList", "FunctionEvent", "FunctionEventAvg", "emit_itt", "emit_nvtx", "profile", "record_function"]


class FunctionEvent:
    """One op or block as it ran; times are microseconds."""

    def __init__(self, name: str, start: float, thread: int, input_shapes: list[Any]) -> None:
        self.name = self.key = name
        self.start = start
        self.thread = thread
        self.input_shapes = input_shapes
        self.cpu_time_total = 0.0
        self.self_cpu_time_total = 0.0
        self.count = 1
        self.cpu_parent: FunctionEvent | None = None
        self.cpu_children: list[FunctionEvent] = []

    @property
    def cpu_time(self) -> float:
        """The time of one call."""
        return self.cpu_time_total / self.count

    def _end(self, now: float) -> None:
        self.cpu_time_total = now - self.start
        self.self_cpu_time_total = self.cpu_time_total - sum(child.cpu_time_total for child in self.cpu_children)

    def __repr__(self) -> str:
        return f"<FunctionEvent name={self.name} cpu_time={self.cpu_time:.3f}us self_cpu_time={self.self_cpu_time_total:.3f}us>"


class FunctionEventAvg(FunctionEvent):
    """All calls of one name together."""

    def __init__(self, key: str, events: Iterable[FunctionEvent]) -> None:
        several = list(events)
        super().__init__(key, min((e.start for e in several), default=0.0), 0, several[0].input_shapes if several else [])
        self.count = len(several)
        self.cpu_time_total = sum(e.cpu_time_total for e in several)
        self.self_cpu_time_total = sum(e.self_cpu_time_total for e in several)


def _spelled(time: float) -> str:
    for unit, size in (("s", 1e6), ("ms", 1e3)):
        if time >= size:
            return f"{time / size:.3f}{unit}"
    return f"{time:.3f}us"


_SORTS = ("cpu_time", "cpu_time_total", "self_cpu_time_total", "count")


class EventList(list[Any]):
    """Events in the order in which they began."""

    @property
    def self_cpu_time_total(self) -> float:
        """The time of all events, none counted twice."""
        return float(sum(e.self_cpu_time_total for e in self))

    def key_averages(self, group_by_input_shape: bool = False, group_by_stack_n: int = 0) -> EventList:
        """The events by name (and shapes of inputs): how often, and how long together."""
        del group_by_stack_n
        groups: dict[Any, list[FunctionEvent]] = {}
        for event in self:
            groups.setdefault((event.name, str(event.input_shapes) if group_by_input_shape else ""), []).append(event)
        return EventList(FunctionEventAvg(key[0], events) for key, events in groups.items())

    def total_average(self) -> FunctionEventAvg:
        """All events together."""
        return FunctionEventAvg("Total", self)

    def table(self, sort_by: str | None = None, row_limit: int = 100, max_name_column_width: int = 55, **_: Any) -> str:
        """The events as text, a line each, the longest first where ``sort_by`` names a time.

        Raises AttributeError for a column that there is not.
        """
        events: list[FunctionEvent] = list(self)
        if sort_by is not None:
            if sort_by not in _SORTS:
                raise AttributeError(f"cannot sort by {sort_by!r}: there are {', '.join(_SORTS)}")
            events.sort(key=lambda e: -getattr(e, sort_by))
        total = self.self_cpu_time_total or 1.0
        head = ("Name", "Self CPU %", "Self CPU", "CPU total %", "CPU total", "CPU time avg", "# of Calls")
        rows = [
            (
                e.key if len(e.key) <= max_name_column_width else e.key[: max_name_column_width - 3] + "...",
                f"{100 * e.self_cpu_time_total / total:.2f}%",
                _spelled(e.self_cpu_time_total),
                f"{100 * e.cpu_time_total / total:.2f}%",
                _spelled(e.cpu_time_total),
                _spelled(e.cpu_time),
                str(e.count),
            )
            for e in events[:row_limit]
        ]
        widths = [max(len(row[i]) for row in (head, *rows)) + 2 for i in range(len(head))]
        line = "  ".join("-" * w for w in widths)
        text = ["  ".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True)) for row in (head, *rows)]
        footer = f"Self CPU time total: {_spelled(self.self_cpu_time_total)}"
        return "\n".join([line, text[0], line, *text[1:], line, footer, ""])

    def export_chrome_trace(self, path: Any) -> None:
        """Write the events as a file that Chrome's tracing viewer opens."""
        events = [
            {"name": e.name, "ph": "X", "ts": e.start, "dur": e.cpu_time_total, "tid": e.thread, "pid": "CPU functions", "args": {}}
            for e in self
        ]
        Path(path).write_text(json.dumps(events), encoding="utf-8")

    def __str__(self) -> str:
        return self.table()


_open: list[profile] = []


class _Running(threading.local):
    def __init__(self) -> None:
        self.events: list[FunctionEvent] = []


_running = _Running()


def _begin(name: str, args: tuple[Any, ...] = ()) -> FunctionEvent:
    shapes = [list(a._data.shape) if isinstance(a, Tensor) else [] for a in args] if _open[-1].record_shapes else []
    devices.synchronize()  # what ran before is not this one's time
    event = FunctionEvent(name, perf_counter() * 1e6, threading.get_ident(), shapes)
    if _running.events:
        event.cpu_parent = _running.events[-1]
        event.cpu_parent.cpu_children.append(event)
    _running.events.append(event)
    for one in _open:
        one._events.append(event)
    return event


def _timed(op: Any, args: tuple[Any, ...], params: tuple[Any, ...], run: Callable[..., Any]) -> Any:
    event = _begin(f"aten::{op.name.strip('_')}", args)
    try:
        return run(op, args, params)
    finally:
        devices.synchronize()
        _running.events.pop()._end(perf_counter() * 1e6)
        assert event is not None


class profile:
    """The block is timed, op by op: ``with profile() as prof: ...``, then ``prof.key_averages().table()``.

    What PyTorch measures beside (kernels of a GPU, memory, stacks) is accepted and left out.
    """

    def __init__(self, enabled: bool = True, *, use_device: Any = None, record_shapes: bool = False, **_: Any) -> None:
        del use_device
        self.enabled = enabled
        self.record_shapes = record_shapes
        self._events: list[FunctionEvent] = []

    def __enter__(self) -> profile:
        if self.enabled:
            _open.append(self)
            mode.special += 1
            mode.timer = _timed
        return self

    def __exit__(self, *_: object) -> None:
        if self.enabled:
            _open.remove(self)
            mode.special -= 1
            mode.timer = _timed if _open else None

    @property
    def function_events(self) -> EventList:
        """All events, in the order in which they began."""
        return EventList(self._events)

    def events(self) -> EventList:
        """All events, in the order in which they began."""
        return self.function_events

    def key_averages(self, group_by_input_shape: bool = False, group_by_stack_n: int = 0) -> EventList:
        """The events by name."""
        return self.function_events.key_averages(group_by_input_shape, group_by_stack_n)

    def total_average(self) -> FunctionEventAvg:
        """All events together."""
        return self.function_events.total_average()

    def table(self, sort_by: str | None = None, row_limit: int = 100, **more: Any) -> str:
        """The events as text."""
        return self.function_events.table(sort_by, row_limit, **more)

    def export_chrome_trace(self, path: Any) -> None:
        """Write the events as a file that Chrome's tracing viewer opens."""
        self.function_events.export_chrome_trace(path)

    @property
    def self_cpu_time_total(self) -> float:
        """The time of all events, none counted twice, in microseconds."""
        return self.function_events.self_cpu_time_total

    def __repr__(self) -> str:
        return repr(self.function_events)

    def __str__(self) -> str:
        return str(self.function_events)


class record_function:
    """A name for a block, or for each call of a function, in profiles."""

    def __init__(self, name: str, args: str | None = None) -> None:
        del args
        self.name = name
        self._events: list[FunctionEvent | None] = []

    def __enter__(self) -> record_function:
        self._events.append(_begin(self.name) if _open else None)
        return self

    def __exit__(self, *_: object) -> None:
        event = self._events.pop()
        if event is not None and _running.events and _running.events[-1] is event:
            devices.synchronize()
            _running.events.pop()._end(perf_counter() * 1e6)

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def named(*args: Any, **kwargs: Any) -> Any:
            with record_function(self.name):
                return function(*args, **kwargs)

        return named


class emit_nvtx:
    """Accepted for PyTorch's sake: nothing is told to NVIDIA's tools."""

    def __init__(self, enabled: bool = True, record_shapes: bool = False) -> None:
        self.enabled, self.record_shapes = enabled, record_shapes

    def __enter__(self) -> emit_nvtx:
        return self

    def __exit__(self, *_: object) -> None:
        pass


class emit_itt(emit_nvtx):
    """Accepted for PyTorch's sake: nothing is told to Intel's tools."""
