"""The target that gradstep's debugger is given for real PyTorch (``engine/debug/target.py`` says what it is asked).

This file does not load torch: a script that sets environment variables before it imports torch must find them obeyed.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from gradstep.engine.debug.launch import Launch
from gradstep.engine.debug.recording import PausableRecorder
from gradstep.engine.debug.target import Conductor
from gradstep.engine.tape import recorder as recording
from gradstep.engine.tape import stacks
from gradstep.engine.tape.schema import Stats

from .arriving import when_imported

if TYPE_CHECKING:
    from .probe import Probe


class TorchTarget:
    """Real PyTorch, as ``Target``."""

    def __init__(self) -> None:
        self._control: Conductor | None = None
        self._holds, self._passes_before = False, 0
        self._launch = Launch("")
        self._probe: Probe | None = None
        self._asked: bool | None = None  # somebody asked for recording before torch was there

    def start(self, launch: Launch, control: Conductor) -> Callable[..., PausableRecorder]:
        """See ``Target``."""
        self._control = control
        self._launch = launch
        self._holds, self._passes_before = launch.rewind, launch.passes_before
        from .recorder import TorchRecorder

        return TorchRecorder

    def examine(self, tape: Any) -> None:
        """Have the recorder try the rules of the script's own Functions, where numpy is there to do it with. Once torch is loaded."""
        try:
            from .rules import examined
        except ModuleNotFoundError:
            return
        tape.examine = examined

    def install(self, tape: Any) -> None:
        """See ``Target``: once the script has imported torch."""
        recording.install(tape)

        def arrived() -> None:
            from .probe import Probe
            from .ranks import record_ranks

            assert self._control is not None
            if self._launch.examine:
                self.examine(tape)
            self._probe = Probe(tape, self._control, holds=self._holds, kernels=self._launch.kernels)
            self._probe.put()
            arming = self._probe.arming
            arming.passes_before, arming.at_nan = self._passes_before, self._launch.arm == "nan"
            if self._asked is not None:
                arming.asked = self._asked
            if not self._passes_before and not self._launch.arm:
                self._probe.begin()
            record_ranks(self._launch, tape.sink.path)

        when_imported("torch", arrived)

    def forget(self) -> None:
        """See ``Target``."""
        if self._probe is not None:
            self._probe.forget()
            self._probe = None

    def record(self, on: bool) -> str:
        """See ``Target``: from the next backward pass on."""
        if self._probe is None:
            self._asked = on
        else:
            self._probe.arming.asked = on
        return ""

    @property
    def _nouns(self) -> Any:
        assert self._probe is not None
        assert self._probe.watch.recorder is not None
        return self._probe.watch.recorder.nouns

    def versions(self) -> Mapping[str, str]:
        """See ``Target``."""
        found = {}
        for name in ("torch", "numpy"):
            try:
                found[name] = version(name)
            except PackageNotFoundError:
                continue
        return found

    def go_on(self, walk: Any, before: Callable[[Any], bool]) -> bool:
        """See ``Target``: there is no quick way."""
        return False

    def cannot_rewind(self, walk: Any) -> str:
        """See ``Target``."""
        why: str = walk.cannot_rewind
        return why

    @contextmanager
    def aside(self) -> Iterator[None]:
        """See ``Target``."""
        if self._probe is None:
            yield
            return
        from .tensors import plainly

        with self._probe.watch.silence(), plainly():
            yield

    # ---------------------------------------------------------------------------------------------- words

    def op_name(self, node: Any) -> str:
        """See ``Target``: ``Mul`` for ``MulBackward0``."""
        return re.sub(r"Backward(0$|(?=\d*$))", "", node.name())

    def public_name(self, op: str) -> str:
        """See ``Target``."""
        return op.rstrip("_")

    def leaf_name(self, leaf: Any) -> str:
        """See ``Target``."""
        return self._nouns.name_of(leaf) or stacks.variable_in(sys._getframe(1), leaf)

    # ---------------------------------------------------------------------------------------------- tensors

    def is_tensor(self, value: object) -> bool:
        """See ``Target``."""
        torch: Any = sys.modules.get("torch")
        return torch is not None and self._probe is not None and isinstance(value, torch.Tensor)

    def identity(self, tensor: Any) -> tuple[int, int]:
        """See ``Target``."""
        number = self._nouns.known(tensor)
        return number, 0 if tensor.is_inference() else tensor._version

    def about(self, tensor: Any) -> dict[str, Any]:
        """See ``Target``."""
        number, version = self.identity(tensor)
        return {
            "tensor": number, "version": version, "name": self._nouns.name_of(tensor),
            "dtype": str(tensor.dtype)[6:], "shape": self._shape(tensor), "device": str(tensor.device),
        }  # fmt: skip

    @staticmethod
    def _shape(tensor: Any) -> list[int]:
        from .introducer import size_of

        return [size_of(size) for size in tensor.shape]

    def grad(self, tensor: Any) -> Any:
        """See ``Target``."""
        from .tensors import is_leaf

        return tensor.grad if is_leaf(tensor) or tensor.retains_grad else None

    def takes_gradient(self, tensor: Any) -> bool:
        """See ``Target``."""
        from .tensors import is_leaf

        return bool(is_leaf(tensor) and tensor.requires_grad)

    def part(self, tensor: Any, index: tuple[Any, ...], cap: int) -> tuple[tuple[int, ...], bytes]:
        """See ``Target``."""
        from .tensors import elements, raw

        with self.aside():
            part = tensor.detach()[index] if tensor.layout is sys.modules["torch"].strided else elements(tensor)[index]
            if part.numel() * part.element_size() > cap:
                raise ValueError(f"a slice of {part.numel() * part.element_size()} bytes is too much at once: ask for at most {cap}")
            return tuple(part.shape), raw(elements(part))

    def array(self, tensor: Any, index: tuple[Any, ...] = ()) -> Any:
        """See ``Target``."""
        from .arrays import array

        with self.aside():
            return array(tensor.detach()[index])

    def statistics(self, tensors: Sequence[Any]) -> Sequence[Stats]:
        """See ``Target``."""
        from .tensors import elements, figures

        with self.aside():
            return [figures(*self.identity(tensor), elements(tensor)) for tensor in tensors]

    def histogram(
        self, tensor: Any, bins: int, low: float | None, high: float | None
    ) -> tuple[float | None, float | None, int, bytes]:  # fmt: skip
        """See ``Target``; complex values by modulus."""
        from .tensors import elements, histogram

        with self.aside():
            return histogram(elements(tensor), bins, low, high)

    def misfit(self, old: Any, new: Any) -> str:
        """See ``Target``: what PyTorch lets a hook return."""
        if new.dtype != old.dtype or new.device != old.device:
            return f"the gradient is {old.dtype} on {old.device}, the new value {new.dtype} on {new.device}"
        return ""
