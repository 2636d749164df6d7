"""Averages of models over training: stochastic weight averaging (Izmailov et al., 2018) and exponential moving averages."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import Any

from .. import creation, dtypes
from ..autograd.grad_mode import no_grad
from ..nn.module import Module
from ..nn.normalization import BatchNorm1d
from .lr_scheduler import LRScheduler, per_group
from .optimizer import Optimizer

Average = Callable[[Any, Any, Any], Any]  # (averaged, current, how many were averaged) -> new average
Averages = Callable[[list[Any], list[Any], Any], None]  # the same of all parameters, in place


def _check_decay(decay: float) -> None:
    if not 0.0 <= decay <= 1.0:
        raise ValueError(f"Invalid decay value {decay} provided. Please provide a value in [0,1] range.")


def get_ema_multi_avg_fn(decay: float = 0.999) -> Averages:
    """A function that moves all averages by ``1 - decay`` towards the current values."""
    _check_decay(decay)

    def update(averaged: list[Any], current: list[Any], number: Any) -> None:
        with no_grad():
            for a, c in zip(averaged, current, strict=True):
                if a.is_floating_point() or a.is_complex():
                    a.lerp_(c, 1 - decay)
                else:
                    a.copy_(a * decay + c * (1 - decay))

    return update


def get_swa_multi_avg_fn() -> Averages:
    """A function that takes the current values into all averages, each model counting alike."""

    def update(averaged: list[Any], current: list[Any], number: Any) -> None:
        with no_grad():
            for a, c in zip(averaged, current, strict=True):
                if a.is_floating_point() or a.is_complex():
                    a.lerp_(c, float(1 / (number + 1)))
                else:
                    a.addcdiv_(c - a, number + 1)

    return update


def get_ema_avg_fn(decay: float = 0.999) -> Average:
    """As ``get_ema_multi_avg_fn``, of one parameter at a time, giving the new average."""
    _check_decay(decay)

    def update(averaged: Any, current: Any, number: Any) -> Any:
        with no_grad():
            return decay * averaged + (1 - decay) * current

    return update


def get_swa_avg_fn() -> Average:
    """As ``get_swa_multi_avg_fn``, of one parameter at a time, giving the new average."""

    def update(averaged: Any, current: Any, number: Any) -> Any:
        with no_grad():
            return averaged + (current - averaged) / (number + 1)

    return update


class AveragedModel(Module):
    """A copy of a model whose parameters are averages of the model's over calls of ``update_parameters``.

    ``avg_fn`` gives a new average, ``multi_avg_fn`` changes all in place; without one every model counts alike. With
    ``use_buffers`` buffers are averaged too, else they are the model's.
    """

    n_averaged: Any

    def __init__(
        self,
        model: Module,
        device: Any = None,
        avg_fn: Average | None = None,
        multi_avg_fn: Averages | None = None,
        use_buffers: bool = False,
    ) -> None:
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise AssertionError("Only one of avg_fn and multi_avg_fn should be provided")
        self.module = deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("n_averaged", creation.tensor(0, dtype=dtypes.int64, device=device))
        self.avg_fn, self.multi_avg_fn, self.use_buffers = avg_fn, multi_avg_fn, use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.module(*args, **kwargs)

    def update_parameters(self, model: Module) -> None:
        """Take the current parameters of ``model`` into the averages."""

        def tensors(of: Module) -> Iterable[Any]:
            return itertools.chain(of.parameters(), of.buffers()) if self.use_buffers else of.parameters()

        averaged = [t.detach() for t in tensors(self.module)]
        current = [t.detach().to(a.device) for a, t in zip(averaged, tensors(model), strict=False)]
        if self.n_averaged == 0:
            for a, c in zip(averaged, current, strict=False):
                a.copy_(c)
        elif self.multi_avg_fn is not None:
            for kind in {(a.dtype, str(a.device)): None for a in averaged}:  # one list a type and device, as PyTorch
                chosen = [i for i, a in enumerate(averaged) if (a.dtype, str(a.device)) == kind]
                self.multi_avg_fn([averaged[i] for i in chosen], [current[i] for i in chosen], self.n_averaged)
        else:
            average = get_swa_avg_fn() if self.avg_fn is None else self.avg_fn
            for a, c in zip(averaged, current, strict=False):
                a.copy_(average(a, c, self.n_averaged))
        if not self.use_buffers:
            for a, c in zip(self.module.buffers(), model.buffers(), strict=True):
                a.detach().copy_(c.detach().to(a.device))
        self.n_averaged += 1


def update_bn(loader: Iterable[Any], model: Module, device: Any = None) -> None:
    """Compute the statistics of all batch normalisations of ``model`` anew, as means over a pass through ``loader``.

    Of batches that are lists or tuples the first element is the input.
    """
    norms = {m: m.momentum for m in model.modules() if isinstance(m, BatchNorm1d)}
    if not norms:
        return
    was_training = model.training
    model.train()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a mean over all batches
    with no_grad():
        for batch in loader:
            first = batch[0] if isinstance(batch, (list, tuple)) else batch
            model(first if device is None else first.to(device))
    for norm, momentum in norms.items():
        norm.momentum = momentum
    model.train(was_training)


def _cosine(t: float) -> float:
    return (1 - math.cos(math.pi * t)) / 2


def _linear(t: float) -> float:
    return t


class SWALR(LRScheduler):
    """Goes from the rates at the beginning to ``swa_lr`` in ``anneal_epochs`` and stays there.

    Raises ValueError for a strategy that is not "cos" or "linear" and for negative ``anneal_epochs``.
    """

    def __init__(
        self, optimizer: Optimizer, swa_lr: Any, anneal_epochs: int = 10, anneal_strategy: str = "cos", last_epoch: int = -1
    ) -> None:
        for rate, group in zip(per_group("swa_lr", optimizer, swa_lr), optimizer.param_groups, strict=True):
            group["swa_lr"] = rate
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}")
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(f"anneal_epochs must be equal or greater than 0, got {anneal_epochs}")
        self._anneal_strategy = anneal_strategy
        self.anneal_func = _cosine if anneal_strategy == "cos" else _linear
        self.anneal_epochs = anneal_epochs
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """The rates of the current epoch, one a group."""
        step = self._step_count - 1
        if self.anneal_epochs == 0:
            step = max(1, step)
        before, now = (self.anneal_func(max(0, min(1, s / max(1, self.anneal_epochs)))) for s in (step - 1, step))
        rates = []
        for group in self.optimizer.param_groups:
            target = group["swa_lr"]
            start = target if before == 1 else (group["lr"] - before * target) / (1 - before)
            rates.append(target * now + start * (1 - now))
        return rates

    def state_dict(self) -> dict[str, Any]:
        """All but the optimizer and the function that the strategy names."""
        return {k: v for k, v in self.__dict__.items() if k not in ("optimizer", "anneal_func")}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a state dict."""
        self.__dict__.update(state_dict)
        self.anneal_func = _cosine if self._anneal_strategy == "cos" else _linear
