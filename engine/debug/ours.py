"""Our own engine under the debugger: a pass is a ``Walk``, and a tensor's data is an array."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from ..autograd import node as nodes
from ..autograd import recorded, walk
from ..autograd.grad_mode import no_grad
from ..devices import is_array, module_of
from ..op import OPS
from ..tape import recorder, stacks, statistics
from ..tape.schema import Stats
from ..tape.wire import stats_record
from ..tensor import Tensor
from .launch import Launch
from .recording import PausableRecorder
from .target import Conductor


class OwnEngine:
    """gradstep's own engine, as ``target.Target``."""

    def __init__(self) -> None:
        self._drive: Callable[[Any], None] | None = None
        self._examine: Callable[..., Any] | None = None

    def start(self, launch: Launch, control: Conductor) -> type[PausableRecorder]:
        """See ``Target``."""
        self._drive = control.drive
        if launch.examine:
            from .rules import examined

            self._examine = examined
        _add_ops()
        return PausableRecorder

    def install(self, tape: PausableRecorder) -> None:
        """See ``Target``."""
        tape.examine = self._examine
        recorder.install(tape)
        walk.driver = self._drive

    def forget(self) -> None:
        """See ``Target``."""
        walk.driver = None

    def record(self, on: bool) -> str:
        """See ``Target``."""
        return "" if on else "gradstep's own engine always records; choose a lower level of recording to make it cheaper"

    def versions(self) -> Mapping[str, str]:
        """See ``Target``."""
        return {"numpy": np.__version__}

    def go_on(self, walk: Any, before: Callable[[Any], bool]) -> bool:
        """See ``Target``."""
        return recorded.is_recorded(walk) and recorded.go_on(walk, before)

    def cannot_rewind(self, walk: Any) -> str:
        """See ``Target``: every walk can be stepped back."""
        return ""

    @contextmanager
    def aside(self) -> Iterator[None]:
        """See ``Target``."""
        tape = recorder.current
        recorder.uninstall()
        try:
            with no_grad():
                yield
        finally:
            if tape is not None:
                recorder.install(tape)

    def op_name(self, node: Any) -> str:
        """See ``Target``."""
        return nodes.op_name(node)

    def public_name(self, op: str) -> str:
        """See ``Target``: ``pow`` for the op whose exponent is a number."""
        declared = OPS.get(op)
        return op if declared is None or declared.torch is None else declared.torch.rpartition(".")[2]

    def leaf_name(self, leaf: Any) -> str:
        """See ``Target``."""
        return str(getattr(leaf, "_name", "") or "") or stacks.variable_in(sys._getframe(1), leaf)

    # ---------------------------------------------------------------------------------------------- tensors

    def is_tensor(self, value: object) -> bool:
        """See ``Target``."""
        return isinstance(value, Tensor)

    def identity(self, tensor: Any) -> tuple[int, int]:
        """See ``Target``."""
        return tensor._id, tensor._version

    def about(self, tensor: Any) -> dict[str, Any]:
        """See ``Target``."""
        return {
            "tensor": tensor._id, "version": tensor._storage.version, "name": tensor._name,
            "dtype": tensor.dtype.name, "shape": list(tensor.shape), "device": str(tensor.device),
        }  # fmt: skip

    def grad(self, tensor: Any) -> Any:
        """See ``Target``."""
        return tensor._grad

    def takes_gradient(self, tensor: Any) -> bool:
        """See ``Target``."""
        return bool(tensor.is_leaf and tensor.requires_grad)

    def part(self, tensor: Any, index: tuple[int | slice, ...], cap: int) -> tuple[tuple[int, ...], bytes]:
        """See ``Target``."""
        part = tensor._data[index]
        if part.nbytes > cap:
            raise ValueError(f"a slice of {part.nbytes} bytes is too much at once: ask for at most {cap}")
        array = np.ascontiguousarray(host(part)).reshape(part.shape)
        if array.dtype.byteorder == ">":
            array = array.astype(array.dtype.newbyteorder("<"))
        return array.shape, array.tobytes()

    def array(self, tensor: Any, index: tuple[int | slice, ...] = ()) -> npt.NDArray[Any]:
        """See ``Target``."""
        return host(tensor._data[index])

    def statistics(self, tensors: Sequence[Any]) -> Sequence[Stats]:
        """See ``Target``."""
        rows = statistics.of_many([(*self.identity(tensor), host(tensor._data)) for tensor in tensors])
        return [stats_record(row.item()) for row in rows]

    def histogram(
        self, tensor: Any, bins: int, low: float | None, high: float | None
    ) -> tuple[float | None, float | None, int, bytes]:  # fmt: skip
        """See ``Target``; complex values by modulus."""
        flat = host(tensor._data).reshape(-1)
        flat = np.abs(flat) if flat.dtype.kind == "c" else flat
        finite = flat[np.isfinite(flat)].astype(np.float64)
        if finite.size == 0:
            return None, None, int(flat.size), np.zeros(bins, "<i8").tobytes()
        low = float(finite.min()) if low is None else low
        high = float(finite.max()) if high is None else high
        counts, _ = np.histogram(finite, bins=bins, range=(low, high if high > low else low + 1.0))
        return low, high, int(flat.size - finite.size), counts.astype("<i8").tobytes()

    def misfit(self, old: Any, new: Any) -> str:
        """See ``Target``."""
        if new.dtype != old.dtype or new.device != old.device:
            return f"the gradient is {old.dtype} on {old.device}, the new value {new.dtype} on {new.device}"
        return ""


def host(data: Any) -> npt.NDArray[Any]:
    """The array in the CPU's memory."""
    array: npt.NDArray[Any] = module_of(data).to_host(data) if is_array(data) else np.asarray(data)
    return array


def _add_ops() -> None:
    """Families of ops that plug-ins give, where the user has switched any plug-in on; one that fails is said, and missing."""
    from ..extensions.guard import Guard, PluginError

    guard = Guard()
    if not guard.switches.any_strangers:
        return  # to look for what is installed would cost every start
    from ..additions import add

    for feature in guard.enabled("gradstep.ops"):
        try:
            family = guard.load(feature)
            with guard.inside(feature):
                add(family)
        except PluginError as error:
            print(f"gradstep: {error}", file=sys.stderr, flush=True)
