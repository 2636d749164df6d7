"""torch.nn.utils and torch.nn.init against PyTorch's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy
import pytest
import torch

import gradstep.engine as ours

rand = numpy.random.default_rng(11)
SEQUENCES = [rand.standard_normal((n, 3)) for n in (2, 5, 3)]
DRAWS: list[Callable[[Any], Any]] = [
    lambda m: m.nn.init.uniform_(m.empty(40, 5), -2.0, 3.0),
    lambda m: m.nn.init.normal_(m.empty(40, 5), 1.0, 3.0),
    lambda m: m.nn.init.constant_(m.empty(4, 5), 3.0),
    lambda m: m.nn.init.ones_(m.empty(4)),
    lambda m: m.nn.init.zeros_(m.empty(4)),
    lambda m: m.nn.init.eye_(m.empty(4, 5)),
    lambda m: m.nn.init.dirac_(m.empty(4, 2, 3, 3)),
    lambda m: m.nn.init.dirac_(m.empty(4, 2, 3), groups=2),
    lambda m: m.nn.init.xavier_uniform_(m.empty(4, 5, 3), gain=2.0),
    lambda m: m.nn.init.xavier_normal_(m.empty(40, 5)),
    lambda m: m.nn.init.kaiming_uniform_(m.empty(4, 5, 3), mode="fan_out", nonlinearity="relu"),
    lambda m: m.nn.init.kaiming_normal_(m.empty(40, 5), a=0.3),
    lambda m: m.nn.init.sparse_(m.empty(10, 5), 0.3),
    lambda m: m.nn.init.uniform_(m.empty(40, 5, dtype=m.float64), generator=m.Generator().manual_seed(4)),
    lambda m: m.nn.init.normal_(m.empty(7)),
    lambda m: m.nn.init.trunc_normal_(m.empty(40, 5), 0.3, 1.5, -1.0, 2.0),
    lambda m: m.nn.init.trunc_normal_(m.empty(40, 5), 0.0, 1.0, 1.0, 2.0),
    lambda m: m.nn.init.calculate_gain("tanh") + m.nn.init.calculate_gain("leaky_relu", 0.3) + m.zeros(1),
]


@pytest.mark.parametrize("draw", DRAWS, ids=range(len(DRAWS)))
def test_first_values_are_pytorchs_bit_for_bit(draw: Callable[[Any], Any]) -> None:
    found = []
    for module in (torch, ours):
        module.manual_seed(0)
        found.append((draw(module).numpy(), module.rand(1).item()))
    numpy.testing.assert_array_equal(found[1][0], found[0][0])
    assert found[1][1] == found[0][1]


@pytest.mark.parametrize(
    "draw",
    [
        lambda m: m.nn.init.orthogonal_(m.empty(4, 6), gain=2.0),
        lambda m: m.nn.init.orthogonal_(m.empty(6, 2, 2)),
    ],
)
def test_first_values_are_pytorchs_but_for_rounding(draw: Callable[[Any], Any]) -> None:
    for module in (torch, ours):
        module.manual_seed(0)
    numpy.testing.assert_allclose(draw(ours).numpy(), draw(torch).numpy(), rtol=2e-5, atol=2e-6)


def both(action: Callable[[Any], Any]) -> None:
    """The action gives the same in both engines: numbers, arrays or tensors, in lists."""
    found: list[list[Any]] = [[], []]

    def flatten(value: Any, into: list[Any]) -> None:
        if isinstance(value, (list, tuple)):
            for v in value:
                flatten(v, into)
        else:
            into.append(value.detach().numpy() if hasattr(value, "detach") else value)

    for module, into in zip((torch, ours), found, strict=True):
        module.manual_seed(0)
        flatten(action(module), into)
    assert len(found[0]) == len(found[1])
    for a, b in zip(*found, strict=True):
        if isinstance(a, numpy.ndarray):
            assert a.dtype == b.dtype
            numpy.testing.assert_allclose(b, a, rtol=1e-6, atol=1e-7)
        else:
            assert a == b


def model(m: Any) -> Any:
    made = m.nn.Sequential(m.nn.Linear(3, 4), m.nn.Tanh(), m.nn.Linear(4, 2)).double()
    (made(m.tensor(SEQUENCES[1])) * 30).sum().backward()
    return made


@pytest.mark.parametrize("order", [2.0, 1, float("inf"), 0.5])
def test_gradients_are_clipped_as_pytorch_clips_them(order: float) -> None:
    def run(m: Any) -> Any:
        made = model(m)
        made[2].bias.grad = None
        total = m.nn.utils.clip_grad_norm_(made.parameters(), 1.5, norm_type=order)
        grads = [p.grad.clone() for p in made.parameters() if p.grad is not None]
        m.nn.utils.clip_grad_value_(made.parameters(), 0.1)
        return total, grads, [p.grad for p in made.parameters() if p.grad is not None], m.nn.utils.get_total_norm(grads, order)

    both(run)


def test_gradients_that_are_not_finite_are_refused_in_pytorchs_words() -> None:
    for m in (torch, ours):
        made = model(m)
        made[0].bias.grad[0] = float("nan")
        with pytest.raises(RuntimeError, match=r"The total norm of order 2.0 for gradients from `parameters` is non-finite"):
            m.nn.utils.clip_grad_norm_(made.parameters(), 1.0, error_if_nonfinite=True)


def test_parameters_go_into_a_vector_and_back() -> None:
    def run(m: Any) -> Any:
        made = model(m)
        vector = m.nn.utils.parameters_to_vector(made.parameters())
        m.nn.utils.vector_to_parameters(vector * 2, made.parameters())
        return vector, list(made.parameters()), vector.requires_grad

    both(run)


@pytest.mark.parametrize("batch_first", [False, True])
def test_sequences_are_padded_and_packed_as_pytorch_does(batch_first: bool) -> None:
    def run(m: Any) -> Any:
        r = m.nn.utils.rnn
        sequences = [m.tensor(s, requires_grad=True) for s in SEQUENCES]
        padded = r.pad_sequence(sequences, batch_first, 7.0)
        left = r.pad_sequence(sequences, batch_first, padding_side="left")
        packed = r.pack_padded_sequence(padded, [2, 5, 3], batch_first, enforce_sorted=False)
        again, lengths = r.pad_packed_sequence(packed, batch_first, -1.0, total_length=6)
        (again * again).sum().backward()
        more = r.unpack_sequence(r.pack_sequence(sequences, enforce_sorted=False))
        return (
            padded,
            left,
            list(packed),
            again,
            lengths,
            [s.grad for s in sequences],
            more,
            r.unpad_sequence(padded.clone(), lengths, batch_first),
        )

    both(run)


@pytest.mark.parametrize(
    "text", ["RNN(3, 4)", "LSTM(3, 4, 2, bidirectional=True)", "GRU(3, 4, bidirectional=True)", "LSTM(3, 4, proj_size=2)"]
)
def test_recurrent_layers_run_over_packed_sequences(text: str) -> None:
    def run(m: Any) -> Any:
        layer = eval(f"nn.{text}", {"nn": m.nn}).double()
        packed = m.nn.utils.rnn.pack_sequence([m.tensor(s) for s in SEQUENCES], enforce_sorted=False)
        out, state = layer(packed)
        layer(packed, state)[0].data.sum().backward()
        return list(out), state, [p.grad for p in layer.parameters()]

    both(run)


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("dim", [0, 1, None])
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_weight_norm_is_pytorchs(old: bool, dim: int | None) -> None:
    def run(m: Any) -> Any:
        layer = m.nn.Linear(3, 4).double()
        x = m.tensor(SEQUENCES[1])
        (m.nn.utils.weight_norm if old else m.nn.utils.parametrizations.weight_norm)(layer, dim=dim)
        out = layer(x)
        out.sum().backward()
        keys, grads = list(layer.state_dict()), [p.grad for p in layer.parameters()]
        if old:
            m.nn.utils.remove_weight_norm(layer)
        else:
            m.nn.utils.parametrize.remove_parametrizations(layer, "weight")
        return keys, out, grads, list(layer.state_dict()), layer(x)

    both(run)


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_spectral_norm_is_pytorchs(old: bool) -> None:
    def run(m: Any) -> Any:
        layer = m.nn.Linear(3, 4)
        x = m.tensor(SEQUENCES[1], dtype=m.float32)
        (m.nn.utils.spectral_norm if old else m.nn.utils.parametrizations.spectral_norm)(layer)
        outs = [layer(x), layer(x)]
        outs[1].sum().backward()
        layer.eval()
        return outs, list(layer.state_dict()), [p.grad for p in layer.parameters()], layer(x)

    both(run)


def test_parametrizations_are_computed_when_asked_for() -> None:
    def run(m: Any) -> Any:
        class Symmetric(m.nn.Module):  # type: ignore[misc,name-defined]
            def forward(self, x: Any) -> Any:
                return x.triu() + x.triu(1).transpose(-1, -2)

            def right_inverse(self, x: Any) -> Any:
                return x.triu()

        layer = m.nn.Linear(3, 3)
        p = m.nn.utils.parametrize
        p.register_parametrization(layer, "weight", Symmetric())
        computed = layer.weight
        layer.weight = m.ones(3, 3)
        state = list(layer.state_dict())
        with p.cached():
            same = layer.weight is layer.weight
        facts = [p.is_parametrized(layer), type(layer).__name__, same, layer.weight is layer.weight]
        p.remove_parametrizations(layer, "weight")
        return computed, state, facts, layer.weight, p.is_parametrized(layer), type(layer).__name__, list(layer.state_dict())

    both(run)


def test_masks_of_attention_are_pytorchs() -> None:
    def run(m: Any) -> Any:
        attention = m.nn.MultiheadAttention(4, 2).double()
        x = m.tensor(numpy.linspace(-1, 1, 24).reshape(3, 2, 4), requires_grad=True)
        padding = m.tensor([[False, False, True], [False, False, False]])
        causal = m.nn.Transformer.generate_square_subsequent_mask(3, dtype=m.float64)
        outs = [
            *attention(x, x, x, key_padding_mask=padding),
            *attention(x, x, x, attn_mask=causal, average_attn_weights=False),
            *attention(x, x, x, attn_mask=causal < 0, key_padding_mask=padding),
            *attention(x, x * 2, x * 2, attn_mask=causal.repeat(4, 1, 1)),
        ]
        sum((o * o).sum() for o in outs).backward()
        return outs, x.grad, [p.grad for p in attention.parameters()]

    both(run)


@pytest.mark.filterwarnings("ignore:Lazy modules are a new feature:UserWarning")
def test_lazy_linear_learns_its_size_from_the_first_input() -> None:
    def run(m: Any) -> Any:
        layer = m.nn.LazyLinear(4)
        optimizer = m.optim.SGD(layer.parameters(), lr=0.1)
        x = m.tensor(SEQUENCES[1], dtype=m.float32)
        m.manual_seed(2)
        layer(x).sum().backward()
        optimizer.step()
        return layer.weight, layer.bias, type(layer).__name__, repr(layer), len(layer._forward_pre_hooks)

    both(run)
