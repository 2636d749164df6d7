"""Convolution, pooling and normalisation against PyTorch: values, graphs, gradients, layouts and errors."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy
import pytest

from .compare import agree, fail_alike, functional

torch = pytest.importorskip("torch")

random = numpy.random.default_rng(3)
SPATIAL = {1: (9,), 2: (8, 7), 3: (5, 6, 4)}


def normal(*shape: int) -> Any:
    return random.standard_normal(shape)


def both(program: Callable[..., Any], *arrays: Any, graphs: bool = True) -> None:
    """In double and in single precision."""
    agree(program, *arrays, rtol=1e-10, graphs=graphs)
    agree(program, *(a.astype("float32") if a.dtype == "float64" else a for a in arrays), rtol=3e-5, graphs=graphs)


# ---------------------------------------------------------------------------------------------------------- convolution

PLAIN: list[dict[str, Any]] = [
    {}, {"stride": 2}, {"padding": 1}, {"dilation": 2, "padding": 2}, {"stride": 2, "padding": 1, "dilation": 2}, {"padding": "same"},
    {"padding": "valid"}, {"padding": "same", "dilation": 2}, {"stride": 3, "padding": 2},
]  # fmt: skip


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("options", PLAIN, ids=str)
@pytest.mark.parametrize("groups", [1, 2, 4])
def test_convolution(n: int, options: dict[str, Any], groups: int) -> None:
    kernel = (3, 2, 2)[:n]
    for biased in (False, True):
        both(
            lambda T, x, w, b, biased=biased: getattr(functional(T), f"conv{n}d")(x, w, b if biased else None, groups=groups, **options),
            normal(2, 4, *SPATIAL[n]), normal(8, 4 // groups, *kernel), normal(8),
        )  # fmt: skip
    both(
        lambda T, x, w: getattr(functional(T), f"conv{n}d")(x, w, groups=groups, **options),
        normal(4, *SPATIAL[n]), normal(4, 4 // groups, *kernel),
    )  # fmt: skip


def test_convolution_with_a_number_for_each_dimension() -> None:
    both(lambda T, x, w: T.conv2d(x, w, stride=(2, 1), padding=(0, 2), dilation=(1, 2)), normal(2, 3, 9, 8), normal(4, 3, 2, 3))
    both(lambda T, x, w: T.conv2d(x, w), normal(0, 3, 5, 5), normal(4, 3, 2, 3))
    both(lambda T, x, w: T.conv2d(x.transpose(2, 3), w), normal(2, 3, 5, 6), normal(4, 3, 1, 1))
    both(lambda T, x, w: T.conv1d(x, w, stride=(2,), padding=(1,)), normal(2, 3, 9), normal(4, 3, 3))


TRANSPOSED: list[dict[str, Any]] = [
    {}, {"stride": 2}, {"stride": 2, "padding": 1, "output_padding": 1}, {"dilation": 2}, {"stride": 3, "output_padding": 2},
    {"dilation": 3, "output_padding": 2}, {"stride": 2, "dilation": 2, "padding": 2, "output_padding": 1},
]  # fmt: skip


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("options", TRANSPOSED, ids=str)
@pytest.mark.parametrize("groups", [1, 2])
def test_transposed_convolution(n: int, options: dict[str, Any], groups: int) -> None:
    kernel = (3, 2, 2)[:n]
    for biased in (False, True):
        both(
            lambda T, x, w, b, biased=biased: getattr(functional(T), f"conv_transpose{n}d")(
                x, w, b if biased else None, groups=groups, **options
            ),
            normal(2, 4, *SPATIAL[n]), normal(4, 3, *kernel), normal(3 * groups),
        )  # fmt: skip
    both(
        lambda T, x, w: getattr(functional(T), f"conv_transpose{n}d")(x, w, groups=groups, **options),
        normal(4, *SPATIAL[n]), normal(4, 3, *kernel),
    )  # fmt: skip


@pytest.mark.parametrize("options", [{"stride": 2, "padding": 1}, {"groups": 2}, {"dilation": 2, "padding": 1}, {"stride": 3}], ids=str)
@pytest.mark.parametrize("transposed", [False, True])
def test_second_derivatives_of_convolutions(options: dict[str, Any], transposed: bool) -> None:
    def program(T: Any, x: Any, w: Any, b: Any) -> Any:
        function = functional(T).conv_transpose2d if transposed else functional(T).conv2d
        out = function(x, w, b, **options)
        first = T.autograd.grad((out * out.detach().cos()).sum(), [x, w, b], create_graph=True)
        return sum((g * g).sum() for g in first)

    groups = options.get("groups", 1)
    shape = (4, 6 // groups, 3, 2) if transposed else (6, 4 // groups, 3, 2)
    both(program, normal(2, 4, 7, 6), normal(*shape), normal(6), graphs=False)


# -------------------------------------------------------------------------------------------------------------- pooling

POOLS: list[dict[str, Any]] = [
    {"kernel_size": 2}, {"kernel_size": 3, "stride": 2}, {"kernel_size": 3, "stride": 2, "padding": 1}, {"kernel_size": 3, "stride": 1},
    {"kernel_size": 2, "stride": 3, "ceil_mode": True}, {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True},
]  # fmt: skip


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("options", POOLS, ids=str)
@pytest.mark.parametrize("dilation", [1, 2])
def test_max_pooling(n: int, options: dict[str, Any], dilation: int) -> None:
    if dilation == 2 and n == 3 and options["kernel_size"] == 3 and not options.get("padding"):
        return
    for lead in ((2, 3), (3,)):
        for indices in (False, True):
            both(
                lambda T, x, i=indices: getattr(functional(T), f"max_pool{n}d")(x, dilation=dilation, return_indices=i, **options),
                normal(*lead, *SPATIAL[n]), graphs=n > 1 or indices,
            )  # fmt: skip


def test_max_pooling_of_ties_and_nan_and_integers() -> None:
    both(lambda T, x: functional(T).max_pool2d(x, 2, 1, return_indices=True), numpy.round(normal(2, 2, 6, 6)))
    holes = normal(2, 2, 6, 6)
    holes[0, 0, 2, 3] = holes[1, 1, 0, 0] = numpy.nan
    both(lambda T, x: functional(T).max_pool2d(x, 3, 2, 1, return_indices=True), holes)
    agree(lambda T, x: functional(T).max_pool2d(x, 2), random.integers(-9, 9, (1, 2, 6, 6)))
    both(lambda T, x: functional(T).max_pool2d(x, 2), numpy.full((1, 1, 4, 4), -numpy.inf))
    both(lambda T, x: functional(T).max_pool2d(x, (2, 3), stride=(1, 2), padding=(1, 0)), normal(2, 3, 6, 7))
    both(lambda T, x: functional(T).max_pool2d(x, 2), normal(0, 3, 6, 7))


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("options", POOLS, ids=str)
@pytest.mark.parametrize("counted", [True, False])
def test_average_pooling(n: int, options: dict[str, Any], counted: bool) -> None:
    for lead in ((2, 3), (3,)):
        both(lambda T, x: getattr(functional(T), f"avg_pool{n}d")(x, count_include_pad=counted, **options), normal(*lead, *SPATIAL[n]))
    if n > 1:
        both(
            lambda T, x: getattr(functional(T), f"avg_pool{n}d")(x, count_include_pad=counted, divisor_override=3, **options),
            normal(2, 3, *SPATIAL[n]),
        )


@pytest.mark.parametrize("n", [1, 2, 3])
def test_adaptive_pooling(n: int) -> None:
    for size in (1, 2, 3, SPATIAL[n], tuple(s + 2 for s in SPATIAL[n]), (*(None,) * (n - 1), 2)):
        for lead in ((2, 3), (3,)):
            if None not in numpy.atleast_1d(numpy.array(size, dtype=object)).tolist():
                both(lambda T, x, s=size: getattr(functional(T), f"adaptive_avg_pool{n}d")(x, s), normal(*lead, *SPATIAL[n]))
                both(
                    lambda T, x, s=size: getattr(functional(T), f"adaptive_max_pool{n}d")(x, s, return_indices=True),
                    normal(*lead, *SPATIAL[n]),
                )
            elif n > 1:
                both(lambda T, x, s=size: getattr(functional(T), f"adaptive_avg_pool{n}d")(x, s), normal(*lead, *SPATIAL[n]))


def test_power_pooling() -> None:
    for p, ceil in itertools.product((2, 3.0, 1), (False, True)):
        both(lambda T, x, p=p, c=ceil: functional(T).lp_pool1d(x, p, 3, 2, c), abs(normal(2, 3, 8)))
        both(lambda T, x, p=p, c=ceil: functional(T).lp_pool2d(x, p, (2, 3), None, c), abs(normal(2, 3, 8, 7)))
        both(lambda T, x, p=p, c=ceil: functional(T).lp_pool3d(x, p, 2, None, c), abs(normal(2, 3, 4, 5, 4)))


def test_unpooling() -> None:
    for n in (1, 2, 3):
        for size in (None, [s + 1 for s in (6, 8, 4)[:n]]):

            def program(T: Any, x: Any, n: int = n, size: Any = size) -> Any:
                values, places = getattr(functional(T), f"max_pool{n}d")(x, 2, return_indices=True)
                return getattr(functional(T), f"max_unpool{n}d")(values, places, 2, output_size=size)

            both(program, normal(2, 3, *(6, 8, 4)[:n]), graphs=n > 1)


# -------------------------------------------------------------------------------------------------------- normalisation


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("shape", [(6, 4), (3, 4, 5), (2, 4, 3, 2), (2, 4, 2, 3, 2)], ids=str)
@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("tracked", [True, False])
def test_batch_normalisation(training: bool, shape: tuple[int, ...], affine: bool, tracked: bool) -> None:
    if not training and not tracked:
        return

    def program(T: Any, x: Any, w: Any, b: Any, m: Any, v: Any) -> Any:
        mean, var = (m.detach().clone(), v.detach().clone()) if tracked else (None, None)
        out = functional(T).batch_norm(x, mean, var, w if affine else None, b if affine else None, training, 0.3, 1e-3)
        return (out, mean, var) if tracked else out

    both(program, normal(*shape), normal(4), normal(4), normal(4), abs(normal(4)))


@pytest.mark.parametrize("training", [True, False])
def test_second_derivatives_of_normalisations(training: bool) -> None:
    def twice(T: Any, out: Any, *leaves: Any) -> Any:
        first = T.autograd.grad((out * out.detach().cos()).sum(), leaves, create_graph=True)
        return sum((g * g).sum() for g in first)

    both(
        lambda T, x, w, b, m, v: twice(T, functional(T).batch_norm(x, m.detach(), v.detach(), w, b, training), x, w, b),
        normal(4, 3, 2), normal(3), normal(3), normal(3), abs(normal(3)), graphs=False,
    )  # fmt: skip
    both(
        lambda T, x, w, b: twice(T, functional(T).layer_norm(x, (3, 2), w, b), x, w, b),
        normal(4, 3, 2),
        normal(3, 2),
        normal(3, 2),
        graphs=False,
    )
    both(lambda T, x, w, b: twice(T, functional(T).group_norm(x, 2, w, b), x, w, b), normal(3, 4, 3), normal(4), normal(4), graphs=False)


def test_layer_normalisation() -> None:
    for shape, over in (((4, 3), 3), ((4, 3), (4, 3)), ((2, 3, 4), (4,)), ((2, 3, 4), (3, 4)), ((5,), (5,)), ((0, 3), (3,))):
        sizes = (over,) if isinstance(over, int) else over
        for affine in (True, False):
            size = [over] if isinstance(over, int) else list(over)
            both(
                lambda T, x, w, b, a=affine, s=size: functional(T).layer_norm(x, s, w if a else None, b if a else None, 1e-3),
                normal(*shape), normal(*sizes), normal(*sizes),
            )  # fmt: skip
            both(
                lambda T, x, w, a=affine, s=size: functional(T).rms_norm(x, s, w if a else None),
                normal(*shape),
                normal(*sizes),
                graphs=False,
            )
        both(lambda T, x, w, s=size: functional(T).rms_norm(x, s, w, 1e-2), normal(*shape), normal(*sizes), graphs=False)


def test_group_and_instance_normalisation() -> None:
    for shape in ((3, 6, 4), (2, 6, 3, 2), (3, 6)):
        for affine, groups in itertools.product((True, False), (1, 2, 6)):
            if len(shape) == 2 and groups == 6:
                continue
            both(
                lambda T, x, w, b, a=affine, g=groups: functional(T).group_norm(x, g, w if a else None, b if a else None),
                normal(*shape), normal(6), normal(6),
            )  # fmt: skip
    for shape in ((3, 4, 5), (2, 4, 3, 2), (2, 4, 3, 2, 2)):
        for affine, tracked in itertools.product((True, False), repeat=2):

            def program(T: Any, x: Any, w: Any, b: Any, m: Any, v: Any, a: bool = affine, tracked: bool = tracked) -> Any:
                mean, var = (m.detach().clone(), v.detach().clone()) if tracked else (None, None)
                out = functional(T).instance_norm(x, mean, var, w if a else None, b if a else None, momentum=0.3)
                return (out, mean, var) if tracked else out

            both(program, normal(*shape), normal(4), normal(4), normal(4), abs(normal(4)))
        both(
            lambda T, x, w, b, m, v: functional(T).instance_norm(x, m.detach(), v.detach(), w, b, use_input_stats=False),
            normal(*shape), normal(4), normal(4), normal(4), abs(normal(4)),
        )  # fmt: skip


def test_other_normalisations() -> None:
    for shape in ((3, 7), (2, 7, 4), (2, 7, 3, 2), (2, 7, 3, 2, 2)):
        if len(shape) > 2:
            both(lambda T, x: functional(T).local_response_norm(x, 3, 0.1, 0.7, 1.5), normal(*shape))
            both(lambda T, x: functional(T).local_response_norm(x, 4), normal(*shape))
        for p, dim in itertools.product((2.0, 1.0, 3.0), (1, 0, -1)):
            both(lambda T, x, p=p, d=dim: functional(T).normalize(x, p, d), normal(*shape))
    both(lambda T, x: functional(T).normalize(x * 0, dim=0), normal(3))


# --------------------------------------------------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    "program",
    [
        lambda T, F, z: F.conv2d(z(3, 4), z(4, 3, 2, 2)),
        lambda T, F, z: F.conv2d(z(2, 3, 5, 5), z(4, 2, 2, 2)),
        lambda T, F, z: F.conv2d(z(2, 3, 5, 5), z(4, 3, 2, 2), z(3)),
        lambda T, F, z: F.conv2d(z(2, 3, 5, 5), z(4, 3, 6, 6)),
        lambda T, F, z: F.conv2d(z(2, 3, 5, 5), z(4, 3, 2, 2).double()),
        lambda T, F, z: F.conv2d(z(2, 3, 5, 5), z(4, 3, 2, 2), padding="some"),
        lambda T, F, z: F.conv2d(z(2, 3, 5, 5), z(4, 3, 2, 2), padding="same", stride=2),
        lambda T, F, z: F.conv2d(z(2, 3, 5, 5), z(4, 3, 2, 2), padding=-1),
        lambda T, F, z: F.conv2d(z(2, 3, 5, 5), z(4, 3, 2, 2), stride=0),
        lambda T, F, z: F.conv2d(z(2, 3, 5, 5), z(4, 3, 2, 2), dilation=0),
        lambda T, F, z: F.conv2d(z(2, 4, 5, 5), z(3, 2, 2, 2), groups=2),
        lambda T, F, z: F.conv1d(z(2, 3, 5), z(4, 3, 2, 2)),
        lambda T, F, z: F.conv_transpose2d(z(2, 3, 5, 5), z(4, 3, 2, 2)),
        lambda T, F, z: F.conv_transpose2d(z(2, 3, 5, 5), z(3, 4, 2, 2), output_padding=1),
        lambda T, F, z: F.max_pool2d(z(3, 4), 2),
        lambda T, F, z: F.max_pool2d(z(2, 3, 4, 4), 2, padding=2),
        lambda T, F, z: F.max_pool2d(z(2, 3, 4, 4), 7),
        lambda T, F, z: F.max_pool2d(z(2, 3, 4, 4), 2, stride=0),
        lambda T, F, z: F.max_pool1d(z(4), 2),
        lambda T, F, z: F.avg_pool2d(z(3, 4), 2),
        lambda T, F, z: F.avg_pool2d(z(2, 3, 4, 4), 2, padding=2),
        lambda T, F, z: F.avg_pool2d(z(2, 3, 4, 4), 7),
        lambda T, F, z: F.avg_pool2d(z(2, 3, 4, 4), 2, divisor_override=0),
        lambda T, F, z: F.batch_norm(z(1, 3), None, None, training=True),
        lambda T, F, z: F.batch_norm(z(2, 3), z(4), z(4), training=True),
        lambda T, F, z: F.batch_norm(z(2, 3), None, None, z(4), training=True),
        lambda T, F, z: F.batch_norm(z(2, 3), None, None),
        lambda T, F, z: F.layer_norm(z(2, 3), (4,)),
        lambda T, F, z: F.layer_norm(z(2, 3), (3,), z(4)),
        lambda T, F, z: F.layer_norm(z(2, 3), (3,), None, z(4)),
        lambda T, F, z: F.rms_norm(z(2, 3), (4,)),
        lambda T, F, z: F.group_norm(z(2, 3, 4), 2),
        lambda T, F, z: F.group_norm(z(2, 4, 4), 2, z(3)),
        lambda T, F, z: F.instance_norm(z(2, 3, 1)),
        lambda T, F, z: F.local_response_norm(z(3, 4), 2),
    ],
)
def test_errors_are_the_same(program: Callable[..., Any]) -> None:
    fail_alike(lambda T: program(T, functional(T), T.zeros), words=30)
