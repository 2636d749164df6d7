"""``GradScaler``: a loss is multiplied so that small gradients survive half precision, and gradients are divided again."""

from __future__ import annotations

import json
import math
import warnings
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from .. import creation, devices, dtypes
from ..autograd.grad_mode import no_grad
from ..tape import recorder
from ..tensor import Tensor

_FIX = "This may indicate your script did not use scaler.scale(loss or outputs) earlier in the iteration."


class OptState(Enum):
    """How far an optimizer is between two updates."""

    READY = 0
    UNSCALED = 1
    STEPPED = 2


@dataclass
class _Progress:
    """One optimizer since the last update: its stage, and for each device whether a gradient there was not finite (1.0)."""

    stage: OptState = OptState.READY
    found_inf: dict[devices.device, Tensor] = field(default_factory=dict)


class GradScaler:
    """Scales losses, unscales gradients, skips steps with infinite or nan gradients, and adapts the scale.

    The scale grows by ``growth_factor`` after ``growth_interval`` good steps, and shrinks by ``backoff_factor`` after a bad
    one. Where ``enabled`` is False, or the device is "cuda" and there is none, everything passes through unchanged.
    """

    def __init__(
        self,
        device: str = "cuda",
        init_scale: float = 2.0**16,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        if device == "cuda" and enabled and not devices.has_cuda():
            warnings.warn("torch.cuda.amp.GradScaler is enabled, but CUDA is not available.  Disabling.", stacklevel=2)
            enabled = False
        if enabled and growth_factor <= 1.0:
            raise AssertionError("The growth factor must be > 1.0.")
        if enabled and backoff_factor >= 1.0:
            raise AssertionError("The backoff factor must be < 1.0.")
        self._device = device
        self._enabled = enabled
        self._init_scale = init_scale
        self._init_growth_tracker = 0
        self._scale: Tensor | None = None
        self._growth_tracker: Tensor | None = None  # how many good steps since the scale was changed
        self._growth_factor = growth_factor
        self._backoff_factor = backoff_factor
        self._growth_interval = growth_interval
        self._progress: defaultdict[int, _Progress] = defaultdict(_Progress)

    def _known(self, what: str) -> tuple[Tensor, Tensor]:
        if self._scale is None:
            raise AssertionError(f"Attempted {what} but _scale is None.  " + _FIX)
        if self._growth_tracker is None:
            raise AssertionError(f"Attempted {what} but _growth_tracker is None.  " + _FIX)
        return self._scale, self._growth_tracker

    def _on(self, place: devices.device) -> Tensor:
        """The scale on a device; made there where there is none yet."""
        if self._scale is None:
            self._scale = creation.full((), self._init_scale, dtype=dtypes.float32, device=place)
            self._growth_tracker = creation.full((), self._init_growth_tracker, dtype=dtypes.int32, device=place)
        return self._scale.to(device=place)  # type: ignore[no-any-return]

    def scale(self, outputs: Any) -> Any:
        """A tensor, or the tensors in a container, times the scale.

        Raises ValueError for anything else.
        """
        if not self._enabled:
            return outputs
        if isinstance(outputs, Tensor):
            return outputs * self._on(outputs.device)
        if isinstance(outputs, Iterable):
            scaled = map(self.scale, outputs)
            return type(outputs)(scaled) if isinstance(outputs, (list, tuple)) else scaled
        raise ValueError("outputs must be a Tensor or an iterable of Tensors")

    def _unscaled(self, optimizer: Any, inverse: Tensor) -> dict[devices.device, Tensor]:
        """Divide all gradients; gives for each device whether one of them was not finite."""
        found: dict[devices.device, Tensor] = {}
        with no_grad():
            for group in optimizer.param_groups:
                for param in group["params"]:
                    grad = param.grad
                    if grad is None:
                        continue
                    if grad.dtype is dtypes.float16:
                        raise ValueError("Attempting to unscale FP16 gradients.")
                    place = grad.device
                    bad = (~grad.isfinite()).any().to(dtypes.float32)
                    found[place] = bad if place not in found else found[place].maximum(bad)
                    grad.mul_(inverse.to(device=place))
        return found

    def unscale_(self, optimizer: Any) -> None:
        """Divide the gradients of an optimizer's parameters by the scale, so that they can be clipped or looked at.

        Raises RuntimeError where that has been done since the last update.
        """
        if not self._enabled:
            return
        scale, _ = self._known("unscale_")
        progress = self._progress[id(optimizer)]
        if progress.stage is OptState.UNSCALED:
            raise RuntimeError("unscale_() has already been called on this optimizer since the last update().")
        if progress.stage is OptState.STEPPED:
            raise RuntimeError("unscale_() is being called after step().")
        progress.found_inf = self._unscaled(optimizer, scale.double().reciprocal().float())
        progress.stage = OptState.UNSCALED

    def step(self, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        """``optimizer.step()`` with unscaled gradients; nothing where one of them is not finite.

        Raises RuntimeError for a second step before an update, and for closures.
        """
        if not self._enabled:
            return optimizer.step(*args, **kwargs)
        if "closure" in kwargs:
            raise RuntimeError("Closure use is not currently supported if GradScaler is enabled.")
        self._known("step")
        progress = self._progress[id(optimizer)]
        if progress.stage is OptState.STEPPED:
            raise RuntimeError("step() has already been called since the last update().")
        if progress.stage is OptState.READY:
            self.unscale_(optimizer)
        if not progress.found_inf:
            raise AssertionError("No inf checks were recorded for this optimizer.")
        result = None
        skipped = any(bad.item() for bad in progress.found_inf.values())
        if skipped and recorder.current is not None:
            recorder.current.note("step left out", json.dumps({"position": recorder.current.position}))
        if not skipped:
            result = optimizer.step(*args, **kwargs)
        progress.stage = OptState.STEPPED
        return result

    def update(self, new_scale: float | Tensor | None = None) -> None:
        """Adapt the scale to what the steps since the last update found, or set it to ``new_scale``."""
        if not self._enabled:
            return
        scale, tracker = self._known("update")
        if isinstance(new_scale, Tensor):
            if new_scale.device.type != self._device or new_scale.numel() != 1 or new_scale.requires_grad:
                raise AssertionError(
                    "new_scale should be a float or a 1-element torch.cuda.FloatTensor or torch.FloatTensor with requires_grad=False."
                )
            scale.copy_(new_scale)
        elif new_scale is not None:
            scale.fill_(new_scale)
        else:
            found = [bad for progress in self._progress.values() for bad in progress.found_inf.values()]
            if not found:
                raise AssertionError("No inf checks were recorded prior to update.")
            self._adapt(scale, tracker, any(bad.item() for bad in found))
        self._progress = defaultdict(_Progress)

    def _adapt(self, scale: Tensor, tracker: Tensor, bad: bool) -> None:
        good = int(tracker.item()) + 1
        if bad:
            scale.mul_(self._backoff_factor)
            tracker.fill_(0)
        elif good < self._growth_interval:
            tracker.fill_(good)
        else:
            grown = scale * self._growth_factor
            if math.isfinite(grown.item()):
                scale.copy_(grown)
            tracker.fill_(0)

    # ------------------------------------------------------------------------------------ what it is

    def get_scale(self) -> float:
        """The scale; 1.0 where scaling is disabled."""
        if not self._enabled:
            return 1.0
        return self._init_scale if self._scale is None else float(self._scale.item())

    def get_growth_factor(self) -> float:
        """What the scale grows by."""
        return self._growth_factor

    def set_growth_factor(self, new_factor: float) -> None:
        """Choose what the scale grows by."""
        self._growth_factor = new_factor

    def get_backoff_factor(self) -> float:
        """What the scale shrinks by."""
        return self._backoff_factor

    def set_backoff_factor(self, new_factor: float) -> None:
        """Choose what the scale shrinks by."""
        self._backoff_factor = new_factor

    def get_growth_interval(self) -> int:
        """After how many good steps the scale grows."""
        return self._growth_interval

    def set_growth_interval(self, new_interval: int) -> None:
        """Choose after how many good steps the scale grows."""
        self._growth_interval = new_interval

    def _get_growth_tracker(self) -> int:
        if not self._enabled:
            return 0
        return self._init_growth_tracker if self._growth_tracker is None else int(self._growth_tracker.item())

    def is_enabled(self) -> bool:
        """Whether anything is scaled."""
        return self._enabled

    def state_dict(self) -> dict[str, Any]:
        """The scale, the factors, and how many good steps there were; empty where scaling is disabled."""
        if not self._enabled:
            return {}
        return {
            "scale": self.get_scale(),
            "growth_factor": self._growth_factor,
            "backoff_factor": self._backoff_factor,
            "growth_interval": self._growth_interval,
            "_growth_tracker": self._get_growth_tracker(),
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on as the scaler did whose state this is.

        Raises RuntimeError for an empty state.
        """
        if not self._enabled:
            return
        if not state_dict:
            raise RuntimeError("The source state dict is empty, possibly because it was saved from a disabled instance of GradScaler.")
        self._init_scale = state_dict["scale"]
        if self._scale is not None:
            self._scale.fill_(state_dict["scale"])
        self._growth_factor = state_dict["growth_factor"]
        self._backoff_factor = state_dict["backoff_factor"]
        self._growth_interval = state_dict["growth_interval"]
        self._init_growth_tracker = state_dict["_growth_tracker"]
        if self._growth_tracker is not None:
            self._growth_tracker.fill_(state_dict["_growth_tracker"])
