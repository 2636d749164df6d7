"""Every module against PyTorch's: first weights, repr, keys, outputs, and gradients of inputs and parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy
import pytest
import torch

import gradstep.engine as ours

Case = tuple[str, Callable[[Any], Any], tuple[Any, ...]]  # (constructor's text, constructor, inputs)
rand = numpy.random.default_rng(7)


def r(*shape: int) -> Any:
    return rand.standard_normal(shape)


def p(*shape: int) -> Any:
    return rand.random(shape) * 0.8 + 0.1


def i(high: int, *shape: int) -> Any:
    return rand.integers(0, high, shape)


def sign(*shape: int) -> Any:
    return numpy.sign(r(*shape))


CASES: list[tuple[str, tuple[Any, ...]]] = [
    ("Identity(3, x=2)", (r(2, 3),)),
    ("Linear(3, 4)", (r(5, 3),)),
    ("Linear(3, 4, bias=False)", (r(2, 5, 3),)),
    ("Bilinear(3, 4, 5)", (r(2, 3), r(2, 4))),
    ("Flatten()", (r(2, 3, 4),)),
    ("Flatten(0, 1)", (r(2, 3, 4),)),
    ("Unflatten(1, (2, 3))", (r(2, 6),)),
    *[(f"{name}()", (r(3, 4),)) for name in (
        "ReLU", "ReLU6", "LeakyReLU", "PReLU", "ELU", "SELU", "CELU", "GELU", "SiLU", "Mish", "Sigmoid", "Tanh", "Softplus", "Softsign",
        "Hardtanh", "Hardsigmoid", "Hardswish", "Hardshrink", "Softshrink", "LogSigmoid", "Tanhshrink",
    )],
    *[(f"{name}(inplace=True)", ()) for name in (
        "ReLU", "ReLU6", "LeakyReLU", "ELU", "SELU", "CELU", "SiLU", "Mish", "Hardtanh", "Hardsigmoid", "Hardswish", "RReLU", "Dropout",
    )],
    ("ELU(0.5)", (r(3, 4),)),
    ("CELU(0.5)", (r(3, 4),)),
    ("LeakyReLU(0.2)", (r(3, 4),)),
    ("PReLU(4)", (r(3, 4, 2),)),
    ("GELU('tanh')", (r(3, 4),)),
    ("Softplus(2.0, 3.0)", (r(3, 4),)),
    ("Threshold(0.1, 20.0)", (r(3, 4),)),
    ("GLU()", (r(3, 4),)),
    ("GLU(0)", (r(4, 3),)),
    ("Softmax(-1)", (r(3, 4),)),
    ("Softmin(1)", (r(3, 4),)),
    ("LogSoftmax(dim=1)", (r(3, 4),)),
    ("Softmax2d()", (r(2, 3, 4, 5),)),
    ("RReLU().eval()", (r(3, 4),)),
    ("Dropout(0.2).eval()", (r(3, 4),)),
    ("Dropout(0.0)", (r(3, 4),)),
    ("Dropout1d().eval()", (r(3, 4, 2),)),
    ("Dropout2d().eval()", (r(3, 4, 2, 2),)),
    ("Dropout3d().eval()", (r(3, 4, 2, 2, 2),)),
    ("AlphaDropout().eval()", (r(3, 4),)),
    ("FeatureAlphaDropout().eval()", (r(3, 4),)),
    ("Conv1d(4, 6, 3)", (r(2, 4, 9),)),
    ("Conv1d(4, 6, 3, stride=2, padding=2, dilation=2, groups=2, bias=False)", (r(2, 4, 9),)),
    ("Conv2d(4, 6, 3)", (r(2, 4, 6, 7),)),
    ("Conv2d(4, 6, (3, 2), padding=(1, 0), groups=2)", (r(2, 4, 6, 7),)),
    ("Conv2d(2, 3, 3, padding='same')", (r(2, 2, 6, 7),)),
    ("Conv2d(2, 3, 4, padding='same', padding_mode='circular')", (r(2, 2, 6, 7),)),
    ("Conv2d(2, 3, 3, padding='valid')", (r(2, 2, 6, 7),)),
    ("Conv2d(2, 3, 3, padding=1, padding_mode='reflect')", (r(2, 2, 6, 7),)),
    ("Conv2d(2, 3, 3, padding=(2, 1), padding_mode='replicate')", (r(2, 2, 6, 7),)),
    ("Conv2d(2, 3, 3)", (r(2, 6, 7),)),
    ("Conv3d(2, 3, 2)", (r(2, 2, 3, 4, 5),)),
    ("ConvTranspose1d(4, 6, 3, stride=2, padding=1, output_padding=1)", (r(2, 4, 5),)),
    ("ConvTranspose2d(4, 6, 3, stride=2, groups=2)", (r(2, 4, 3, 4),)),
    ("ConvTranspose2d(2, 3, 2, dilation=2, bias=False)", (r(2, 2, 3, 4),)),
    ("ConvTranspose3d(2, 3, 2)", (r(1, 2, 2, 3, 3),)),
    ("MaxPool1d(2)", (r(2, 3, 7),)),
    ("MaxPool2d(3, 2, 1)", (r(2, 3, 7, 8),)),
    ("MaxPool2d((2, 3), ceil_mode=True)", (r(2, 3, 7, 8),)),
    ("MaxPool3d(2)", (r(2, 3, 4, 4, 5),)),
    ("AvgPool1d(2)", (r(2, 3, 7),)),
    ("AvgPool2d(3, 2, padding=1)", (r(2, 3, 7, 8),)),
    ("AvgPool2d(3, 2, padding=1, count_include_pad=False, ceil_mode=True)", (r(2, 3, 7, 8),)),
    ("AvgPool3d(2, divisor_override=3)", (r(2, 3, 4, 4, 5),)),
    ("LPPool1d(2, 2)", (r(2, 3, 7),)),
    ("LPPool2d(2, (2, 3), stride=2)", (r(2, 3, 7, 8),)),
    ("LPPool3d(2, 2)", (r(2, 3, 4, 4, 5),)),
    *[(f"Adaptive{kind}Pool1d(3)", (r(2, 3, 7),)) for kind in ("Avg", "Max")],
    *[(f"Adaptive{kind}Pool2d((3, None))", (r(2, 3, 7, 5),)) for kind in ("Avg", "Max")],
    *[(f"Adaptive{kind}Pool3d(2)", (r(2, 3, 4, 5, 6),)) for kind in ("Avg", "Max")],
    ("BatchNorm1d(4)", (r(5, 4),)),
    ("BatchNorm1d(4, momentum=None)", (r(5, 4, 3),)),
    ("BatchNorm1d(4, affine=False)", (r(5, 4, 3),)),
    ("BatchNorm2d(3, track_running_stats=False)", (r(2, 3, 4, 5),)),
    ("BatchNorm2d(3, bias=False)", (r(2, 3, 4, 5),)),
    ("BatchNorm2d(3).eval()", (r(2, 3, 4, 5),)),
    ("BatchNorm3d(3, eps=0.1, momentum=0.5)", (r(2, 3, 2, 2, 2),)),
    ("InstanceNorm1d(4)", (r(2, 4, 3),)),
    ("InstanceNorm1d(4)", (r(4, 3),)),
    ("InstanceNorm2d(3, affine=True)", (r(2, 3, 4, 5),)),
    ("InstanceNorm2d(3, affine=True, track_running_stats=True)", (r(2, 3, 4, 5),)),
    ("InstanceNorm3d(2, affine=True)", (r(2, 2, 2, 3, 3),)),
    ("LayerNorm(4)", (r(2, 3, 4),)),
    ("LayerNorm((3, 4), eps=0.1, bias=False)", (r(2, 3, 4),)),
    ("LayerNorm(4, elementwise_affine=False)", (r(2, 3, 4),)),
    ("GroupNorm(2, 4)", (r(3, 4, 5),)),
    ("GroupNorm(4, 4, affine=False)", (r(3, 4, 5),)),
    ("RMSNorm(4)", (r(2, 3, 4),)),
    ("RMSNorm((3, 4), eps=0.1, elementwise_affine=False)", (r(2, 3, 4),)),
    ("LocalResponseNorm(3)", (r(2, 5, 4),)),
    ("Embedding(5, 3)", (i(5, 2, 4),)),
    ("Embedding(5, 3, padding_idx=-2)", (i(5, 2, 4),)),
    ("Embedding(5, 3, max_norm=1.0, norm_type=1.0, scale_grad_by_freq=True)", (i(5, 2, 4),)),
    ("EmbeddingBag(5, 3)", (i(5, 2, 4),)),
    ("EmbeddingBag(5, 3, mode='sum', padding_idx=1)", (i(5, 2, 4),)),
    ("EmbeddingBag(5, 3, mode='max')", (i(5, 2, 4),)),
    *[(f"{name}()", (r(3, 4), r(3, 4))) for name in ("L1Loss", "MSELoss", "SmoothL1Loss", "HuberLoss")],
    ("MSELoss(reduction='sum')", (r(3, 4), r(3, 4))),
    ("SmoothL1Loss(beta=0.3, reduction='none')", (r(3, 4), r(3, 4))),
    ("HuberLoss(delta=0.3)", (r(3, 4), r(3, 4))),
    ("CrossEntropyLoss()", (r(3, 4), i(4, 3))),
    ("CrossEntropyLoss(label_smoothing=0.1, ignore_index=1)", (r(3, 4, 5), i(4, 3, 5))),
    ("CrossEntropyLoss(reduction='sum')", (r(3, 4), p(3, 4))),
    ("NLLLoss(reduction='none')", (r(3, 4), i(4, 3))),
    ("BCELoss()", (p(3, 4), p(3, 4))),
    ("BCEWithLogitsLoss()", (r(3, 4), p(3, 4))),
    ("KLDivLoss(reduction='batchmean')", (r(3, 4), p(3, 4))),
    ("KLDivLoss(reduction='sum', log_target=True)", (r(3, 4), r(3, 4))),
    ("PoissonNLLLoss(full=True)", (r(3, 4), p(3, 4) * 5)),
    ("GaussianNLLLoss(full=True)", (r(3, 4), r(3, 4), p(3, 4))),
    ("MarginRankingLoss(0.1)", (r(3), r(3), sign(3))),
    ("HingeEmbeddingLoss()", (r(3, 4), sign(3, 4))),
    ("CosineEmbeddingLoss(0.1)", (r(3, 4), r(3, 4), sign(3))),
    ("SoftMarginLoss()", (r(3, 4), sign(3, 4).astype("float32"))),
    ("MultiLabelMarginLoss()", (r(2, 4), numpy.array([[1, 2, -1, 0], [3, -1, 0, 1]]))),
    ("MultiLabelSoftMarginLoss()", (r(3, 4), p(3, 4))),
    ("MultiMarginLoss(p=2)", (r(3, 4), i(4, 3))),
    ("TripletMarginLoss(swap=True)", (r(3, 4), r(3, 4), r(3, 4))),
    ("TripletMarginWithDistanceLoss()", (r(3, 4), r(3, 4), r(3, 4))),
    ("CTCLoss()", (numpy.log(p(6, 2, 4)), numpy.array([[1, 2], [3, 1]]), numpy.array([6, 5]), numpy.array([2, 1]))),
    ("PairwiseDistance(keepdim=True)", (r(3, 4), r(3, 4))),
    ("CosineSimilarity(dim=0)", (r(3, 4), r(3, 4))),
    *[(f"{kind}Pad1d({2})", (r(2, 3, 5),)) for kind in ("Reflection", "Replication", "Circular", "Zero")],
    *[(f"{kind}Pad2d((1, 2, 0, 1))", (r(2, 3, 5, 4),)) for kind in ("Reflection", "Replication", "Circular", "Zero")],
    *[(f"{kind}Pad3d(1)", (r(2, 3, 3, 4, 3),)) for kind in ("Reflection", "Replication", "Circular", "Zero")],
    ("ConstantPad1d(2, 3.5)", (r(2, 3, 5),)),
    ("ConstantPad2d(2, 3.5)", (r(2, 3, 5, 4),)),
    ("ConstantPad3d((1, 0, 1, 2, 0, 0), 3.5)", (r(2, 3, 3, 4, 3),)),
    ("Upsample(scale_factor=2)", (r(2, 3, 4, 5),)),
    ("Upsample(size=(7, 6), mode='bilinear')", (r(2, 3, 4, 5),)),
    ("UpsamplingNearest2d(scale_factor=2)", (r(2, 3, 4, 5),)),
    ("UpsamplingBilinear2d(size=(5, 9))", (r(2, 3, 4, 5),)),
    ("PixelShuffle(2)", (r(2, 8, 3, 3),)),
    ("PixelUnshuffle(2)", (r(2, 2, 4, 6),)),
    ("ChannelShuffle(2)", (r(2, 4, 3, 3),)),
    ("Fold((4, 5), (2, 2))", (r(2, 12, 12),)),
    ("Unfold((2, 3), padding=1, stride=2)", (r(2, 3, 5, 6),)),
    ("RNN(3, 4)", (r(5, 2, 3),)),
    ("RNN(3, 4, 2, nonlinearity='relu', bias=False)", (r(5, 2, 3), r(2, 2, 4))),
    ("LSTM(3, 4)", (r(5, 2, 3),)),
    ("LSTM(3, 4, 2, batch_first=True, bidirectional=True)", (r(2, 5, 3),)),
    ("LSTM(3, 4, 2, proj_size=2)", (r(5, 2, 3), (r(2, 2, 2), r(2, 2, 4)))),
    ("LSTM(3, 4)", (r(5, 3), (r(1, 4), r(1, 4)))),
    ("GRU(3, 4, 2, bidirectional=True)", (r(5, 2, 3), r(4, 2, 4))),
    ("GRU(3, 4, dropout=0.5, num_layers=2).eval()", (r(5, 2, 3),)),
    ("RNNCell(3, 4)", (r(2, 3), r(2, 4))),
    ("RNNCell(3, 4, nonlinearity='relu')", (r(3),)),
    ("LSTMCell(3, 4)", (r(2, 3), (r(2, 4), r(2, 4)))),
    ("GRUCell(3, 4, bias=False)", (r(2, 3),)),
    ("MultiheadAttention(4, 2)", (r(3, 2, 4), r(5, 2, 4), r(5, 2, 4))),
    ("MultiheadAttention(4, 2, batch_first=True, add_bias_kv=True, add_zero_attn=True)", (r(3, 2, 4), r(3, 5, 4), r(3, 5, 4))),
    ("MultiheadAttention(4, 2, kdim=3, vdim=5, bias=False)", (r(3, 2, 4), r(5, 2, 3), r(5, 2, 5))),
    ("MultiheadAttention(4, 2)", (r(3, 4), r(5, 4), r(5, 4))),
    ("TransformerEncoderLayer(4, 2, 8, dropout=0.0)", (r(3, 2, 4),)),
    ("TransformerEncoderLayer(4, 2, 8, dropout=0.0, activation='gelu', batch_first=True, norm_first=True)", (r(3, 2, 4),)),
    ("TransformerDecoderLayer(4, 2, 8, dropout=0.0)", (r(3, 2, 4), r(5, 2, 4))),
    ("TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8, 0.0), 2, enable_nested_tensor=False)", (r(3, 2, 4),)),
    ("TransformerDecoder(nn.TransformerDecoderLayer(4, 2, 8, 0.0), 2, nn.LayerNorm(4))", (r(3, 2, 4), r(5, 2, 4))),
    ("Transformer(4, 2, 1, 1, 8, dropout=0.0, batch_first=True)", (r(2, 3, 4), r(2, 5, 4))),
    ("Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))", (r(2, 3),)),
    ("ModuleList([nn.Linear(3, 4), nn.Linear(3, 4), nn.ReLU()])", ()),
    ("ModuleDict({'a': nn.Linear(3, 4), 'b': nn.Tanh()})", ()),
    ("Sequential(nn.Sequential(nn.Conv2d(1, 2, 3), nn.Identity()), nn.ModuleList([nn.ReLU()] * 3), nn.Sequential())", ()),
]  # fmt: skip


def build(module: Any, text: str) -> Any:
    module.manual_seed(0)
    return eval(f"nn.{text}", {"nn": module.nn})


def tensors(module: Any, given: Any) -> Any:
    if isinstance(given, tuple):
        return tuple(tensors(module, g) for g in given)
    made = module.tensor(given)
    if given.dtype == numpy.float32:  # what takes no gradient
        return made.double()
    return made.requires_grad_() if made.is_floating_point() else made


def flat(values: Any) -> list[Any]:
    if isinstance(values, (tuple, list)):
        return [v for value in values for v in flat(value)]
    return [values]


def close(mine: Any, theirs: Any, what: str) -> None:
    assert (mine is None) == (theirs is None), what
    if mine is not None:
        assert str(mine.dtype) == str(theirs.dtype), what
        tolerance = 1e-8 if "Hardsigmoid" in what else 1e-10  # PyTorch's 1/6 has single precision there
        numpy.testing.assert_allclose(mine.detach().numpy(), theirs.detach().numpy(), rtol=10 * tolerance, atol=tolerance, err_msg=what)


def same_bits(mine: Any, theirs: Any, what: str) -> None:
    assert str(mine.dtype) == str(theirs.dtype), what
    assert mine.detach().numpy().tobytes() == theirs.detach().numpy().tobytes(), what


@pytest.mark.parametrize(("text", "inputs"), CASES, ids=[text for text, _ in CASES])
@pytest.mark.filterwarnings("ignore:enable_nested_tensor is True:UserWarning")
@pytest.mark.filterwarnings("ignore:Using padding='same':UserWarning")
def test_module_is_pytorchs(text: str, inputs: tuple[Any, ...]) -> None:
    theirs, mine = build(torch, text), build(ours, text)
    assert repr(mine) == repr(theirs)
    assert [n for n, _ in mine.named_parameters()] == [n for n, _ in theirs.named_parameters()]
    assert [n for n, _ in mine.named_buffers()] == [n for n, _ in theirs.named_buffers()]
    assert list(mine.state_dict()) == list(theirs.state_dict())
    for name, value in theirs.state_dict().items():
        same_bits(mine.state_dict()[name], value, f"first value of {name}")
    if not inputs:
        return
    theirs, mine = theirs.double(), mine.double()
    with torch.no_grad():
        for value in theirs.parameters():
            value.add_(torch.rand_like(value))
    mine.load_state_dict({name: ours.tensor(value.numpy()) for name, value in theirs.state_dict().items()})
    results, given = [], []
    for module, made in ((torch, theirs), (ours, mine)):
        arguments = tensors(module, inputs)
        results.append(flat(made(*arguments)))
        given.append(flat(arguments))
    assert len(results[0]) == len(results[1])
    losses: list[Any] = [0, 0]
    for number, (theirs_out, mine_out) in enumerate(zip(*results, strict=True)):
        close(mine_out, theirs_out, f"output {number}")
        if theirs_out is not None and theirs_out.requires_grad:
            weight = numpy.random.default_rng(number).random(tuple(theirs_out.shape))
            losses[0] = losses[0] + (theirs_out * torch.tensor(weight)).sum()
            losses[1] = losses[1] + (mine_out * ours.tensor(weight)).sum()
    for loss in losses:
        loss.backward()
    for number, (a, b) in enumerate(zip(*given, strict=True)):
        close(b.grad, a.grad, f"{text}: gradient of input {number}")
    for (name, a), b in zip(theirs.named_parameters(), mine.parameters(), strict=True):
        close(b.grad, a.grad, f"gradient of {name}")
    for (name, a), b in zip(theirs.named_buffers(), mine.buffers(), strict=True):
        close(b, a, f"buffer {name} afterwards")


RANDOM = [
    ("Dropout(0.3)", (4, 5)),
    ("Dropout1d(0.3)", (4, 5, 3)),
    ("Dropout2d(0.3)", (4, 5, 3, 2)),
    ("Dropout3d(0.3)", (2, 5, 3, 2, 2)),
    ("AlphaDropout(0.3)", (4, 5)),
    ("FeatureAlphaDropout(0.3)", (4, 5, 3)),
    ("RReLU()", (4, 5)),
    ("GRU(3, 4, 3, dropout=0.4)", (5, 2, 3)),
    ("TransformerEncoderLayer(4, 2, 8, dropout=0.4)", (3, 2, 4)),
    ("Sequential(nn.Linear(3, 4), nn.Dropout(inplace=True), nn.ReLU(inplace=True))", (5, 3)),
]


@pytest.mark.parametrize(("text", "shape"), RANDOM, ids=[text for text, _ in RANDOM])
def test_training_draws_what_pytorch_draws(text: str, shape: tuple[int, ...]) -> None:
    values = numpy.random.default_rng(5).standard_normal(shape).astype("float32")
    found = []
    for module in (torch, ours):
        made = build(module, text)
        x = module.tensor(values, requires_grad=True)
        out = flat(made(x))[0]
        (out * out).sum().backward()
        found.append((out.detach().numpy(), x.grad.numpy(), module.rand(3).numpy()))
    for a, b in zip(*found, strict=True):
        numpy.testing.assert_allclose(b, a, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_unpooling_undoes_pooling_as_pytorch_does(dims: int) -> None:
    values = numpy.random.default_rng(5).standard_normal((2, 3, *(5, 4, 6)[:dims]))
    found = []
    for module in (torch, ours):
        x = module.tensor(values, requires_grad=True)
        pooled, places = getattr(module.nn, f"MaxPool{dims}d")(2, return_indices=True)(x)
        out = getattr(module.nn, f"MaxUnpool{dims}d")(2)(pooled, places, output_size=x.shape)
        (out * out).sum().backward()
        found.append((places.numpy(), out.detach().numpy(), x.grad.numpy()))
    for a, b in zip(*found, strict=True):
        numpy.testing.assert_array_equal(b, a)
