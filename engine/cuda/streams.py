"""``torch.cuda.streams``: queues of work on a GPU and marks in them, which are cupy's."""

from __future__ import annotations

from typing import Any

from .. import devices

__all__ = ["Event", "Stream", "StreamContext", "current_stream", "default_stream", "set_stream", "stream"]


def _cuda(without: str = "") -> Any:
    """cupy's names of streams; without a GPU RuntimeError, in the words ``without``."""
    if without and not devices.has_cuda():
        raise RuntimeError(without)
    return devices.array_module(devices.device("cuda")).cuda


class Stream:
    """A queue of work on a GPU, beside the default one: ``with torch.cuda.stream(s): ...``.

    Values are read only when all queues are done, so that what is shown is never half computed; the program itself has to order
    its queues, as with PyTorch. Raises RuntimeError where there is no GPU.
    """

    def __init__(self, device: Any = None, priority: int = 0, *, _of: Any = None) -> None:
        cuda = _cuda("torch.cuda.Stream requires CUDA support")
        place = devices.device("cuda" if device is None else device)
        with cuda.Device(cuda.runtime.getDevice() if place.index is None else place.index):
            self._stream = cuda.Stream(non_blocking=True) if _of is None else _of
            self.device = devices.device("cuda", int(cuda.runtime.getDevice()))
        self.priority = priority

    @property
    def cuda_stream(self) -> int:
        """The queue's address."""
        return int(self._stream.ptr)

    def synchronize(self) -> None:
        """Wait until all work in the queue is done."""
        self._stream.synchronize()

    def query(self) -> bool:
        """Whether all work in the queue is done."""
        return bool(self._stream.done)

    def record_event(self, event: Event | None = None) -> Event:
        """A mark behind the work that is in the queue now."""
        event = Event() if event is None else event
        event.record(self)
        return event

    def wait_event(self, event: Event) -> None:
        """Let the work that comes wait for the mark."""
        self._stream.wait_event(event._event)

    def wait_stream(self, stream: Stream) -> None:
        """Let the work that comes wait for what is in the other queue now."""
        self.wait_event(stream.record_event())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Stream) and (self.device, self.cuda_stream) == (other.device, other.cuda_stream)

    def __hash__(self) -> int:
        return hash((self.device, self.cuda_stream))

    def __repr__(self) -> str:
        return f"<torch.cuda.Stream device={self.device} cuda_stream={self.cuda_stream:#x}>"


class Event:
    """A mark in a queue of work: ``start.record()``, ``end.record()``, ``torch.cuda.synchronize()``, ``start.elapsed_time(end)``.

    Raises RuntimeError where there is no GPU.
    """

    def __init__(self, enable_timing: bool = False, blocking: bool = False, interprocess: bool = False) -> None:
        cuda = _cuda("Tried to instantiate dummy base class Event")
        self._event = cuda.Event(block=blocking, disable_timing=not enable_timing, interprocess=interprocess)
        self._timed, self._recorded = enable_timing, False

    def record(self, stream: Stream | None = None) -> None:
        """Put the mark behind the work that is in the queue now: the current one, unless another is given."""
        self._event.record((current_stream() if stream is None else stream)._stream)
        self._recorded = True

    def wait(self, stream: Stream | None = None) -> None:
        """Let the work that comes in the queue wait for the mark."""
        (current_stream() if stream is None else stream).wait_event(self)

    def query(self) -> bool:
        """Whether the work before the mark is done."""
        return bool(self._event.done)

    def synchronize(self) -> None:
        """Wait until the work before the mark is done."""
        self._event.synchronize()

    def elapsed_time(self, end_event: Event) -> float:
        """Milliseconds from this mark to another.

        Raises ValueError unless both were made with ``enable_timing``, were recorded, and are reached.
        """
        if not (self._timed and end_event._timed):
            raise ValueError("Both events must be created with argument 'enable_timing=True'.")
        if not (self._recorded and end_event._recorded):
            raise ValueError("Both events must be recorded before calculating elapsed time.")
        if not (self.query() and end_event.query()):
            raise ValueError("Both events must be completed before calculating elapsed time.")
        return float(_cuda().get_elapsed_time(self._event, end_event._event))


class StreamContext:
    """Inside, work goes into this queue, on its GPU; None changes nothing."""

    def __init__(self, stream: Stream | None) -> None:
        self.stream = stream

    def __enter__(self) -> None:
        if self.stream is not None:
            self._device = _cuda().Device(self.stream.device.index)
            self._device.__enter__()
            self.stream._stream.__enter__()

    def __exit__(self, *error: Any) -> None:
        if self.stream is not None:
            self.stream._stream.__exit__(*error)
            self._device.__exit__(*error)


def stream(stream: Stream | None) -> StreamContext:
    """``with torch.cuda.stream(s): ...``: work goes into that queue; None changes nothing."""
    return StreamContext(stream)


def current_stream(device: Any = None) -> Stream:
    """The queue that work goes into. Raises RuntimeError where there is no GPU."""
    cuda = _cuda()
    place = devices.device("cuda" if device is None else device)
    with cuda.Device(cuda.runtime.getDevice() if place.index is None else place.index):
        return Stream(place, _of=cuda.get_current_stream())


def default_stream(device: Any = None) -> Stream:
    """The queue that work goes into where nobody says otherwise. Raises RuntimeError where there is no GPU."""
    return Stream(device, _of=_cuda().Stream.null)


def set_stream(stream: Stream | None) -> None:
    """Let work go into that queue from now on; None changes nothing."""
    if stream is not None:
        stream._stream.use()
