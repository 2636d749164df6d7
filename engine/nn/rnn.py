"""Recurrent layers and cells. The gates are computed as PyTorch's CPU does: the inputs of all steps in one product."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

from .. import creation
from ..ops.pieces import cat, stack
from . import functional as F
from . import init
from .module import Module
from .parameter import Parameter
from .utils.rnn import PackedSequence

# ----------------------------------------------------------------------------------------------------- one step of each kind

Step = Callable[[Any, tuple[Any, ...], Any, Any], tuple[Any, ...]]  # (gates of the input, state, w_hh, b_hh) -> state


def _rnn_tanh(gates: Any, state: tuple[Any, ...], weight: Any, bias: Any) -> tuple[Any, ...]:
    return ((F.linear(state[0], weight, bias) + gates).tanh(),)


def _rnn_relu(gates: Any, state: tuple[Any, ...], weight: Any, bias: Any) -> tuple[Any, ...]:
    return ((F.linear(state[0], weight, bias) + gates).relu(),)


def _lstm(gates: Any, state: tuple[Any, ...], weight: Any, bias: Any) -> tuple[Any, ...]:
    i, f, g, o = (F.linear(state[0], weight, bias) + gates).chunk(4, 1)
    c = f.sigmoid() * state[1] + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


def _gru(gates: Any, state: tuple[Any, ...], weight: Any, bias: Any) -> tuple[Any, ...]:
    h = state[0]
    r_in, z_in, n_in = gates.chunk(3, 1)
    r_state, z_state, n_state = F.linear(h, weight, bias).chunk(3, 1)
    new = (n_in + n_state * (r_state + r_in).sigmoid()).tanh()
    return ((h - new) * (z_state + z_in).sigmoid() + new,)


STEPS: dict[str, Step] = {"RNN_TANH": _rnn_tanh, "RNN_RELU": _rnn_relu, "LSTM": _lstm, "GRU": _gru}
GATES = {"RNN_TANH": 1, "RNN_RELU": 1, "LSTM": 4, "GRU": 3}


# ----------------------------------------------------------------------------------------------------------------- layers


class RNNBase(Module):
    """What RNN, LSTM and GRU share. Parameters ``weight_ih_l0`` (gates * hidden, input), ``weight_hh_l0``, ``bias_ih_l0``,
    ``bias_hh_l0``, with ``_reverse`` for the way back, and so on for each layer."""

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.mode, self.input_size, self.hidden_size, self.num_layers = mode, input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout, self.bidirectional = bias, batch_first, float(dropout), bidirectional
        self.proj_size = proj_size
        if isinstance(dropout, bool) or not isinstance(dropout, (int, float)) or not 0 <= dropout <= 1:
            raise ValueError("dropout should be a number in range [0, 1] representing the probability of an element being zeroed")
        if dropout > 0 and num_layers == 1:
            warnings.warn(
                "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects num_layers greater than 1, "
                f"but got dropout={dropout} and num_layers={num_layers}",
                stacklevel=3,
            )
        for name, given, kind in (("bias", bias, bool), ("batch_first", batch_first, bool), ("input_size", input_size, int)):
            if not isinstance(given, kind):
                raise TypeError(f"{name} should be of type {kind.__name__}, got: {type(given).__name__}")
        if input_size <= 0:
            raise ValueError("input_size must be greater than zero")
        if not isinstance(hidden_size, int):
            raise TypeError(f"hidden_size should be of type int, got: {type(hidden_size).__name__}")
        if hidden_size <= 0:
            raise ValueError("hidden_size must be greater than zero")
        if num_layers <= 0:
            raise ValueError("num_layers must be greater than zero")
        if proj_size < 0:
            raise ValueError("proj_size should be a positive integer or zero to disable projections")
        if proj_size >= hidden_size:
            raise ValueError("proj_size has to be smaller than hidden_size")
        if mode not in STEPS:
            raise ValueError("Unrecognized RNN mode: " + mode)
        ways = 2 if bidirectional else 1
        out, rows = proj_size or hidden_size, GATES[mode] * hidden_size
        self._all_weights: list[list[str]] = []  # one a layer and way
        for layer in range(num_layers):
            for way in range(ways):
                suffix = f"_l{layer}{'_reverse' if way else ''}"
                size = input_size if layer == 0 else out * ways
                shapes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, size), "weight_hh": (rows, out)}
                shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)} if bias else {}
                shapes |= {"weight_hr": (proj_size, hidden_size)} if proj_size else {}
                for name, shape in shapes.items():
                    setattr(self, name + suffix, Parameter(creation.empty(shape, device=device, dtype=dtype)))
                self._all_weights.append([name + suffix for name in shapes])
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all weights anew, uniformly within 1 / sqrt(hidden_size)."""
        bound = 1.0 / math.sqrt(self.hidden_size)
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def flatten_parameters(self) -> None:
        """Without effect: there is no cuDNN to lay the weights out for."""

    @property
    def all_weights(self) -> list[list[Any]]:
        """The parameters, one list a layer and way."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        if self.proj_size != 0:
            text += f", proj_size={self.proj_size}"
        if self.num_layers != 1:
            text += f", num_layers={self.num_layers}"
        if self.bias is not True:
            text += f", bias={self.bias}"
        if self.batch_first is not False:
            text += f", batch_first={self.batch_first}"
        if self.dropout != 0:
            text += f", dropout={self.dropout}"
        return f"{text}, bidirectional={self.bidirectional}" if self.bidirectional is not False else text

    # ------------------------------------------------------------------------------------ running

    @property
    def _sizes(self) -> tuple[int, ...]:
        """The last dimension of each part of the state."""
        return (self.proj_size or self.hidden_size, self.hidden_size) if self.mode == "LSTM" else (self.hidden_size,)

    def _weights(self, number: int) -> dict[str, Any]:
        return {name.partition("_l")[0]: getattr(self, name) for name in self._all_weights[number]}

    def _check_state(self, given: Any, batch: int, batched: bool) -> tuple[Any, ...]:
        """The given state (h, or (h, c)) with a batch dimension."""
        parts = tuple(given) if self.mode == "LSTM" else (given,)
        count = len(self._all_weights)
        name = "hx and cx" if self.mode == "LSTM" else "hx"
        for part in parts:
            if part.dim() != (3 if batched else 2):
                if self.mode == "LSTM":
                    kind, n = ("batched 3-D", 3) if batched else ("unbatched 2-D", 2)
                    raise RuntimeError(
                        f"For {kind} input, {name} should also be {n}-D but got ({parts[0].dim()}-D, {parts[1].dim()}-D) tensors"
                    )
                kind, n = ("batched", 3) if batched else ("unbatched", 2)
                raise RuntimeError(f"For {kind} {n}-D input, {name} should also be {n}-D but got {part.dim()}-D tensor")
        if not batched:
            parts = tuple(part.unsqueeze(1) for part in parts)
        for i, (part, size) in enumerate(zip(parts, self._sizes, strict=True)):
            wanted = (count, batch, size)
            if tuple(part.shape) != wanted:
                which = f"hidden[{i}]" if self.mode == "LSTM" else "hidden"
                raise RuntimeError(f"Expected {which} size {wanted}, got {list(part.shape)}")
        return parts

    def _check_input(self, input: Any) -> None:
        weight = getattr(self, self._all_weights[0][0])
        if input.dtype is not weight.dtype:
            raise ValueError(
                f"RNN input dtype ({input.dtype}) does not match weight dtype ({weight.dtype}). "
                "Convert input: input.to(weight.dtype), or convert model: model.to(input.dtype)"
            )
        if input.size(-1) != self.input_size:
            raise RuntimeError(f"input.size(-1) must be equal to input_size. Expected {self.input_size}, got {input.size(-1)}")

    def forward(self, input: Any, hx: Any = None) -> Any:
        if isinstance(input, PackedSequence):
            return self._forward_packed(input, hx)
        if input.dim() not in (2, 3):
            raise ValueError(f"{self._get_name()}: Expected input to be 2D or 3D, got {input.dim()}D instead")
        batched = input.dim() == 3
        steps = input if batched else input.unsqueeze(0 if self.batch_first else 1)
        self._check_input(steps)
        if self.batch_first:
            steps = steps.transpose(0, 1)
        batch = steps.size(1)
        state = self._zeros(steps, batch) if hx is None else self._check_state(hx, batch, batched)
        out, finals = self._layers(steps, state, [batch] * steps.size(0), packed=False)
        if self.batch_first:
            out = out.transpose(0, 1)
        if not batched:
            out = out.squeeze(0 if self.batch_first else 1)
            finals = tuple(part.squeeze(1) for part in finals)
        return out, finals if self.mode == "LSTM" else finals[0]

    def _forward_packed(self, input: PackedSequence, hx: Any) -> Any:
        data, batch_sizes, order, back = input
        self._check_input(data)
        sizes: list[int] = batch_sizes.tolist()
        if hx is None:
            state = self._zeros(data, sizes[0])
        else:
            state = self._check_state(hx, sizes[0], True)
            if order is not None:
                state = tuple(part.index_select(1, order) for part in state)
        out, finals = self._layers(data, state, sizes, packed=True)
        if back is not None:
            finals = tuple(part.index_select(1, back) for part in finals)
        return PackedSequence(out, batch_sizes, order, back), finals if self.mode == "LSTM" else finals[0]

    def _zeros(self, like: Any, batch: int) -> tuple[Any, ...]:
        count = len(self._all_weights)
        return tuple(creation.zeros((count, batch, size), dtype=like.dtype, device=like.device) for size in self._sizes)

    def _layers(self, steps: Any, state: tuple[Any, ...], sizes: list[int], packed: bool) -> tuple[Any, tuple[Any, ...]]:
        """All layers over all steps: the last one's outputs, and the final states (layers * ways, batch, size)."""
        ways = 2 if self.bidirectional else 1
        parts = [part.unbind(0) for part in state]
        finals: list[tuple[Any, ...]] = []
        for layer in range(self.num_layers):
            outs: list[Any] = []
            for way in range(ways):
                number = layer * ways + way
                out, final = self._one_way(steps, tuple(p[number] for p in parts), self._weights(number), sizes, way == 1, packed)
                outs.append(out)
                finals.append(final)
            steps = cat(outs, -1) if ways == 2 else outs[0]
            if self.dropout and self.training and layer < self.num_layers - 1:
                steps = F.dropout(steps, self.dropout, True)
        return steps, tuple(stack(part, 0) for part in zip(*finals, strict=True))

    def _one_way(
        self, steps: Any, state: tuple[Any, ...], weights: dict[str, Any], sizes: list[int], backwards: bool, packed: bool
    ) -> tuple[Any, tuple[Any, ...]]:
        """One layer in one direction. Sequences that are shorter than others begin later (backwards) or end earlier."""
        step = STEPS[self.mode]
        w_hh, b_hh, w_hr = weights["weight_hh"], weights.get("bias_hh"), weights.get("weight_hr")
        gates = F.linear(steps, weights["weight_ih"], weights.get("bias_ih"))
        by_step = gates.split(sizes, 0) if packed else gates.unbind(0)
        outs: list[Any] = [None] * len(sizes)
        first = state
        current = tuple(part[: sizes[-1]] for part in state) if packed and backwards else state
        ended: list[tuple[Any, ...]] = []  # states of the sequences that are over, shortest first
        for t in reversed(range(len(sizes))) if backwards else range(len(sizes)):
            before, now = current[0].size(0), sizes[t]
            if now < before:
                ended.append(tuple(part[now:] for part in current))
                current = tuple(part[:now] for part in current)
            elif now > before:
                current = tuple(cat([part, start[before:now]], 0) for part, start in zip(current, first, strict=True))
            current = step(by_step[t], current, w_hh, b_hh)
            if w_hr is not None:
                current = (F.linear(current[0], w_hr), *current[1:])
            outs[t] = current[0]
        if ended:
            current = tuple(cat([part, *later], 0) for part, later in zip(current, zip(*reversed(ended), strict=True), strict=True))
        return cat(outs, 0) if packed else stack(outs, 0), current


class RNN(RNNBase):
    """h = tanh(W_ih x + b_ih + W_hh h + b_hh), or relu. Input (L, N, input_size), or (N, L, ...) if ``batch_first``."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'.")
        mode = f"RNN_{nonlinearity.upper()}"
        super().__init__(
            mode, input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, 0, device, dtype
        )  # fmt: skip
        self.nonlinearity = nonlinearity


class LSTM(RNNBase):
    """Long short-term memory (Hochreiter and Schmidhuber, 1997), with projections if ``proj_size`` (Sak et al., 2014).

    ``lstm(input, (h_0, c_0))`` gives ``output, (h_n, c_n)``.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            "LSTM", input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, proj_size, device, dtype
        )  # fmt: skip


class GRU(RNNBase):
    """Gated recurrent units (Cho et al., 2014), the reset gate after the product."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__("GRU", input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, 0, device, dtype)


# ------------------------------------------------------------------------------------------------------------------ cells


class RNNCellBase(Module):
    """What the cells share: one step of a recurrent layer, written out by the user."""

    def __init__(self, input_size: int, hidden_size: int, bias: bool, num_chunks: int, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        rows = num_chunks * hidden_size
        self.weight_ih = Parameter(creation.empty((rows, input_size), device=device, dtype=dtype))
        self.weight_hh = Parameter(creation.empty((rows, hidden_size), device=device, dtype=dtype))
        for name in ("bias_ih", "bias_hh"):
            self.register_parameter(name, Parameter(creation.empty(rows, device=device, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all weights anew, uniformly within 1 / sqrt(hidden_size)."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        return f"{text}, bias={self.bias}" if self.bias is not True else text

    def _step(self, mode: str, input: Any, hx: Any) -> Any:
        if input.dim() not in (1, 2):
            raise ValueError(f"{type(self).__name__}: Expected input to be 1D or 2D, got {input.dim()}D instead")
        several = mode == "LSTM"
        state = None if hx is None else tuple(hx) if several else (hx,)
        for i, part in enumerate(state or ()):
            if part.dim() not in (1, 2):
                which = f"hx[{i}]" if several else "hidden"
                raise ValueError(f"{type(self).__name__}: Expected {which} to be 1D or 2D, got {part.dim()}D instead")
        batched = input.dim() == 2
        if not batched:
            input = input.unsqueeze(0)
            state = None if state is None else tuple(part.unsqueeze(0) for part in state)
        if input.size(1) != self.input_size:
            raise RuntimeError(f"input has inconsistent input_size: got {input.size(1)} expected {self.input_size}")
        if state is None:
            zeros = creation.zeros((input.size(0), self.hidden_size), dtype=input.dtype, device=input.device)
            state = (zeros, zeros) if several else (zeros,)
        for part in state:
            if part.size(0) != input.size(0):
                raise RuntimeError(f"Input batch size {input.size(0)} doesn't match hidden0 batch size {part.size(0)}")
            if part.size(1) != self.hidden_size:
                raise RuntimeError(f"hidden0 has inconsistent hidden_size: got {part.size(1)}, expected {self.hidden_size}")
        made = STEPS[mode](F.linear(input, self.weight_ih, self.bias_ih), state, self.weight_hh, self.bias_hh)
        if not batched:
            made = tuple(part.squeeze(0) for part in made)
        return made if several else made[0]


class RNNCell(RNNCellBase):
    """One step of an RNN: (N, input_size), (N, hidden_size) -> (N, hidden_size)."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def extra_repr(self) -> str:
        text = super().extra_repr()
        return f"{text}, nonlinearity={self.nonlinearity}" if self.nonlinearity != "tanh" else text

    def forward(self, input: Any, hx: Any = None) -> Any:
        if self.nonlinearity not in ("tanh", "relu"):
            raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}")
        return self._step(f"RNN_{self.nonlinearity.upper()}", input, hx)


class LSTMCell(RNNCellBase):
    """One step of an LSTM: input, (h, c) -> (h, c)."""

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input: Any, hx: Any = None) -> Any:
        return self._step("LSTM", input, hx)


class GRUCell(RNNCellBase):
    """One step of a GRU."""

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Any, hx: Any = None) -> Any:
        return self._step("GRU", input, hx)
