"""Dropout, embeddings, resizing and folding against PyTorch: values, graphs, gradients, random numbers and errors."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy
import pytest

import gradstep.engine as gs

from .compare import agree, fail_alike, functional

torch = pytest.importorskip("torch")

random = numpy.random.default_rng(3)


def normal(*shape: int) -> Any:
    return random.standard_normal(shape)


def both(program: Callable[..., Any], *arrays: Any, graphs: bool = True) -> None:
    """In double and in single precision."""
    agree(program, *arrays, rtol=1e-10, graphs=graphs)
    agree(program, *(a.astype("float32") if a.dtype == "float64" else a for a in arrays), rtol=3e-5, graphs=graphs)


# -------------------------------------------------------------------------------------------------------------- dropout


@pytest.mark.parametrize("p", [0.0, 0.3, 0.5, 1.0])
@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("dropout", (5, 7)),
        ("dropout", ()), ("dropout", (0, 3)), ("dropout1d", (3, 4, 5)), ("dropout1d", (4, 5)), ("dropout2d", (2, 4, 3, 3)),
        ("dropout2d", (4, 3, 3)), ("dropout3d", (2, 4, 3, 2, 2)), ("dropout3d", (4, 3, 2, 2)), ("alpha_dropout", (5, 7)),
        ("feature_alpha_dropout", (5, 7, 3)),
    ],
)  # fmt: skip
@pytest.mark.parametrize("inplace", [False, True])
def test_dropout_drops_the_same_elements(name: str, shape: tuple[int, ...], p: float, inplace: bool) -> None:
    def program(T: Any, x: Any) -> Any:
        T.manual_seed(5)
        return getattr(functional(T), name)(x * 2, p, training=True, inplace=inplace)

    both(program, normal(*shape))
    both(lambda T, x: getattr(functional(T), name)(x * 2, p, training=False), normal(*shape))


def test_dropout_follows_the_order_of_memory() -> None:
    def program(T: Any, x: Any) -> Any:
        T.manual_seed(5)
        return functional(T).dropout(x.permute(2, 0, 1) * 2, 0.4), T.dropout(x, 0.5, True), T.rand(3)

    both(program, normal(3, 4, 5))


def test_evaluation_gives_the_tensor_itself() -> None:
    x = gs.ones(3)
    F = functional(gs)
    assert F.dropout(x, 0.5, training=False) is x
    assert F.dropout(x, 0.0) is x
    assert F.alpha_dropout(x) is x


# ------------------------------------------------------------------------------------------------------------ embedding


@pytest.mark.parametrize("padding", [None, 0, 2, -1])
@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize("shape", [(), (6,), (2, 3), (2, 0), (3, 2, 2)], ids=str)
def test_embedding(padding: int | None, scaled: bool, shape: tuple[int, ...]) -> None:
    numbers = numpy.asarray(random.integers(0, 5, shape))
    both(lambda T, w, i: functional(T).embedding(i, w, padding, scale_grad_by_freq=scaled), normal(5, 3), numbers)


@pytest.mark.parametrize("scaled", [False, True])
def test_a_gradient_that_is_nan_does_not_reach_the_row_of_the_padding(scaled: bool) -> None:
    def broken(T: Any, w: Any, i: Any) -> Any:
        rows = functional(T).embedding(i, w, 0, scale_grad_by_freq=scaled)
        return T.where(i[:, None] == 0, rows * float("nan"), rows)

    table = normal(4, 3)
    both(broken, table, numpy.array([0, 1, 3, 1]))


def test_embedding_of_many_equal_numbers() -> None:
    numbers = numpy.minimum(random.geometric(0.2, 3000) - 1, 19)
    both(lambda T, w, i: functional(T).embedding(i, w), normal(20, 3), numbers)
    both(lambda T, w, i: functional(T).embedding(i.int(), w), normal(20, 3), numbers)


def test_embedding_shortens_rows_in_the_table() -> None:
    for norm_type in (2.0, 1.0, float("inf")):

        def program(T: Any, w: Any, i: Any, norm_type: float = norm_type) -> Any:
            table = w.detach().clone().requires_grad_()
            out = functional(T).embedding(i, table, max_norm=0.8, norm_type=norm_type)
            return table, out

        both(program, normal(5, 3), numpy.array([1, 3, 3]))


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
@pytest.mark.parametrize("padding", [None, 1])
def test_embedding_bags(mode: str, padding: int | None) -> None:
    numbers, offsets = numpy.array([1, 0, 4, 1, 2, 2, 3]), numpy.array([0, 2, 2, 5])
    both(
        lambda T, w, i, o: functional(T).embedding_bag(i, w, o, mode=mode, padding_idx=padding),
        normal(5, 3),
        numbers,
        offsets,
        graphs=False,
    )
    both(
        lambda T, w, i, o: functional(T).embedding_bag(i, w, o, mode=mode, padding_idx=padding, include_last_offset=True),
        normal(5, 3), numbers, numpy.array([0, 2, 2, 5, 7]), graphs=False,
    )  # fmt: skip
    both(
        lambda T, w, i: functional(T).embedding_bag(i, w, mode=mode, padding_idx=padding),
        normal(5, 3),
        numbers[:6].reshape(2, 3),
        graphs=False,
    )
    if mode == "sum":
        both(
            lambda T, w, s, i, o: functional(T).embedding_bag(i, w, o, mode=mode, per_sample_weights=s, padding_idx=padding),
            normal(5, 3), normal(7), numbers, offsets,
        )  # fmt: skip


# ------------------------------------------------------------------------------------------------------------- resizing

IMAGES = {1: (5,), 2: (4, 5), 3: (3, 4, 2)}
MODES = [(1, "linear"), (2, "bilinear"), (2, "bicubic"), (3, "trilinear")]
MODES += [(n, mode) for n in (1, 2, 3) for mode in ("nearest", "nearest-exact", "area")]


@pytest.mark.parametrize(("n", "mode"), MODES)
def test_interpolation(n: int, mode: str) -> None:
    aligned = [None] if mode in ("nearest", "nearest-exact", "area") else [False, True]
    shape = (2, 3, *IMAGES[n])
    for align in aligned:
        for size in (7, 2, 1, IMAGES[n], tuple(2 * m + 1 for m in IMAGES[n])):
            both(lambda T, x, s=size, a=align: functional(T).interpolate(x, s, mode=mode, align_corners=a), normal(*shape))
        for factor in (2, 1.7, 0.6, (1.4, 1.7, 2.6)[:n]):
            for recompute in (None, True):
                both(
                    lambda T, x, f=factor, a=align, r=recompute: functional(T).interpolate(
                        x, scale_factor=f, mode=mode, align_corners=a, recompute_scale_factor=r
                    ),
                    normal(*shape),
                )


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
@pytest.mark.parametrize("align", [False, True])
def test_interpolation_without_aliasing(mode: str, align: bool) -> None:
    for size in ((3, 4), (9, 11), (1, 20)):
        both(lambda T, x, s=size: functional(T).interpolate(x, s, mode=mode, align_corners=align, antialias=True), normal(2, 2, 7, 8))
    both(
        lambda T, x: functional(T).interpolate(x, scale_factor=(0.45, 1.3), mode=mode, align_corners=align, antialias=True),
        normal(2, 2, 7, 8),
    )


def test_a_factor_that_changes_no_size_changes_nothing() -> None:
    both(lambda T, x: functional(T).interpolate(x, scale_factor=1.2, mode="linear"), normal(2, 3, 4))
    both(lambda T, x: functional(T).interpolate(x, scale_factor=(1.1, 1.5), mode="bilinear"), normal(2, 3, 4, 5))


def test_older_names_warn() -> None:
    for name in ("upsample", "upsample_nearest", "upsample_bilinear"):
        both(lambda T, x, n=name: getattr(functional(T), n)(x, scale_factor=2), normal(1, 2, 3, 4))
        with pytest.warns(UserWarning, match=f"`nn.functional.{name}` is deprecated"):
            getattr(functional(gs), name)(gs.ones(1, 2, 3, 4), scale_factor=2)


def test_channels_and_pixels() -> None:
    for shape in ((2, 8, 3, 2), (8, 3, 2), (2, 2, 4, 3, 3)):
        both(lambda T, x: T.pixel_shuffle(x, 2), normal(*shape))
    for shape in ((2, 3, 4, 6), (3, 2, 4), (2, 2, 1, 4, 2)):
        both(lambda T, x: functional(T).pixel_unshuffle(x, 2), normal(*shape))
    both(lambda T, x: T.channel_shuffle(x, 2), normal(2, 6, 3, 3))


# -------------------------------------------------------------------------------------------------------------- folding

WINDOWS: list[dict[str, Any]] = [
    {"kernel_size": 2}, {"kernel_size": (2, 3), "stride": 2}, {"kernel_size": 2, "padding": 1, "dilation": 2},
    {"kernel_size": (3, 2), "padding": (1, 2), "stride": (2, 1), "dilation": (1, 2)},
]  # fmt: skip


@pytest.mark.parametrize("options", WINDOWS, ids=str)
def test_unfolding_and_folding(options: dict[str, Any]) -> None:
    for lead in ((2,), ()):
        both(lambda T, x: functional(T).unfold(x, **options), normal(*lead, 3, 6, 7))
        both(lambda T, x: functional(T).fold(functional(T).unfold(x, **options), (6, 7), **options), normal(*lead, 3, 6, 7))


def test_second_derivatives() -> None:
    def twice(T: Any, out: Any, *leaves: Any) -> Any:
        first = T.autograd.grad((out * out).sum(), leaves, create_graph=True)
        return sum((g * g).sum() for g in first)

    for options in ({"mode": "bicubic", "size": (7, 3)}, {"mode": "bilinear", "scale_factor": 1.7}, {"mode": "nearest", "size": 3}):
        both(lambda T, x, o=options: twice(T, functional(T).interpolate(x, **o), x), normal(2, 2, 4, 5), graphs=False)
    both(lambda T, x: twice(T, functional(T).unfold(x, 2), x), normal(2, 2, 4, 5), graphs=False)
    both(lambda T, w, i: twice(T, functional(T).embedding(i, w, 1), w), normal(5, 2), numpy.array([1, 2, 2]), graphs=False)


# --------------------------------------------------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    "program",
    [
        *[lambda T, F, z, n=n, p=p: getattr(F, n)(z(3, 4), p) for n in ("dropout", "alpha_dropout", "dropout2d") for p in (-0.1, 1.5)],
        lambda T, F, z: F.dropout1d(z(3)),
        lambda T, F, z: F.dropout2d(z(3)),
        lambda T, F, z: F.embedding(T.tensor([5]), z(3, 2)),
        lambda T, F, z: F.embedding(T.tensor([-1]), z(3, 2)),
        lambda T, F, z: F.embedding(T.tensor([1.0]), z(3, 2)),
        lambda T, F, z: F.embedding(T.tensor([1]), z(3, 2), padding_idx=4),
        lambda T, F, z: F.embedding(T.tensor([1]), z(3)),
        lambda T, F, z: F.embedding_bag(T.tensor([1, 2]), z(3, 2)),
        lambda T, F, z: F.embedding_bag(T.tensor([[1, 2]]), z(3, 2), T.tensor([0])),
        lambda T, F, z: F.embedding_bag(T.tensor([1, 2]), z(3, 2), T.tensor([1])),
        lambda T, F, z: F.embedding_bag(T.tensor([1, 2]), z(3, 2), T.tensor([0, 5])),
        lambda T, F, z: F.embedding_bag(T.tensor([1, 2]), z(3, 2), T.tensor([0]), mode="most"),
        lambda T, F, z: F.embedding_bag(T.tensor([1, 2]), z(3, 2), T.tensor([0]), mode="mean", per_sample_weights=z(2)),
        lambda T, F, z: F.embedding_bag(T.tensor([1, 2]), z(3, 2), T.tensor([0]), mode="sum", per_sample_weights=z(3)),
        lambda T, F, z: F.interpolate(z(1, 2, 3, 4)),
        lambda T, F, z: F.interpolate(z(1, 2, 3, 4), 2, 2),
        lambda T, F, z: F.interpolate(z(1, 2, 3, 4), (2, 2, 2)),
        lambda T, F, z: F.interpolate(z(1, 2, 3, 4), scale_factor=(2, 2, 2)),
        lambda T, F, z: F.interpolate(z(1, 2, 3, 4), 2, mode="nonsense"),
        lambda T, F, z: F.interpolate(z(1, 2, 3), 2, mode="bilinear"),
        lambda T, F, z: F.interpolate(z(1, 2, 3, 4), 2, mode="linear"),
        lambda T, F, z: F.interpolate(z(1, 2, 3), 2, mode="bicubic"),
        lambda T, F, z: F.interpolate(z(1, 2), 2),
        lambda T, F, z: F.interpolate(z(1, 2, 3, 4), 2, align_corners=True),
        lambda T, F, z: F.interpolate(z(1, 2, 3, 4), 0),
        lambda T, F, z: F.interpolate(z(1, 2, 3, 4), 2, recompute_scale_factor=True),
        lambda T, F, z: F.interpolate(z(1, 2, 3, 4), 2, antialias=True),
        lambda T, F, z: F.pixel_shuffle(z(1, 3, 2, 2), 2),
        lambda T, F, z: F.pixel_shuffle(z(3, 2), 2),
        lambda T, F, z: F.pixel_unshuffle(z(1, 3, 3, 2), 2),
        lambda T, F, z: T.channel_shuffle(z(1, 3, 2), 2),
        lambda T, F, z: F.unfold(z(1, 2, 3, 3), 4),
        lambda T, F, z: F.unfold(z(3, 3), 2),
        lambda T, F, z: F.unfold(z(1, 2, 3, 3), 2, stride=0),
        lambda T, F, z: F.fold(z(1, 7, 4), (3, 3), 2),
        lambda T, F, z: F.fold(z(1, 8, 5), (3, 3), 2),
        lambda T, F, z: F.fold(z(4), (3, 3), 2),
    ],
)
def test_errors_are_the_same(program: Callable[..., Any]) -> None:
    fail_alike(lambda T: program(T, functional(T), T.zeros), words=30)


@pytest.mark.parametrize("shape", [(3,), (3, 4, 5), (3, 4, 5, 2)], ids=str)
@pytest.mark.parametrize("name", ["dropout2d", "dropout3d"])
def test_warnings_are_the_same(name: str, shape: tuple[int, ...]) -> None:
    found = []
    for T in (gs, torch):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            getattr(functional(T), name)(T.zeros(shape), training=False)
        found.append([str(w.message) for w in caught])
    assert found[0] == found[1]


# ------------------------------------------------------------------------------------------------- sampling at any place


@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("align", [False, True])
@pytest.mark.parametrize(("n", "mode"), [(2, "bilinear"), (2, "nearest"), (2, "bicubic"), (3, "bilinear"), (3, "nearest")])
def test_grid_sampling(n: int, mode: str, align: bool, padding: str) -> None:
    shape, places = (2, 3, 4, 5, 3)[: n + 2], (2, 3, 2, 4)[: n + 1]
    both(lambda T, x, g: functional(T).grid_sample(x, g, mode, padding, align_corners=align), normal(*shape), normal(*places, n) * 1.5)


@pytest.mark.parametrize("align", [False, True])
def test_affine_grids(align: bool) -> None:
    for size in ((2, 3, 4, 5), (2, 1, 1, 3)):
        both(lambda T, t, s=size: functional(T).affine_grid(t, s, align_corners=align), normal(2, 2, 3))
    both(lambda T, t: functional(T).affine_grid(t, (2, 1, 2, 3, 4), align_corners=align), normal(2, 3, 4))


@pytest.mark.parametrize("training", [False, True])
def test_activations_that_draw(training: bool) -> None:
    def slopes(T: Any, x: Any, inplace: bool = False) -> Any:
        T.manual_seed(2)
        return functional(T).rrelu(x * 2, 0.1, 0.4, training, inplace)

    both(slopes, normal(5, 7))
    both(lambda T, x: slopes(T, x, True), normal(5, 7), graphs=False)
    for hard in (False, True):

        def sample(T: Any, x: Any, hard: bool = hard) -> Any:
            T.manual_seed(2)
            return functional(T).gumbel_softmax(x, 0.7, hard)

        both(sample, normal(5, 7))


@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize("align", [False, True])
@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
@pytest.mark.parametrize("size", [(4, 9), (3, 3), (11, 7), (5, 7)])
def test_bytes_are_resized_to_the_same_bytes(mode: str, size: tuple[int, int], align: bool, antialias: bool) -> None:
    picture = random.integers(0, 256, (2, 3, 5, 7)).astype("uint8")
    agree(lambda T, x: functional(T).interpolate(x, size, mode=mode, align_corners=align, antialias=antialias), picture)
