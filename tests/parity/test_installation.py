"""What scripts ask of the installation, of memory and of settings, and ``torch.testing``: PyTorch's answers without a GPU."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from .logs import Program, Say, same_story


def tell(say: Say, *calls: Any) -> None:
    for call in calls:
        try:
            say(call())
        except Exception as error:
            say(error)


def without_gpu(T: Any, say: Say) -> None:
    say(T.cuda.is_available(), T.cuda.device_count(), T.cuda.memory_allocated(), T.cuda.is_initialized(), T.backends.mps.is_available())
    say(T.distributed.is_available() in (True, False), T.mps.is_available() if hasattr(T.mps, "is_available") else False)
    say(T.xpu.is_available(), T.cpu.is_available(), T.cpu.device_count(), T.cpu.current_device())
    T.cuda.manual_seed_all(3)
    T.cuda.empty_cache()
    say(T.device("cuda" if T.cuda.is_available() else "mps" if T.backends.mps.is_available() else "cpu").type)
    say(T.device("mps").type, str(T.device("xpu:1")), T.device("mps") == T.device("mps"))
    tell(say, lambda: T.device("foo"))


def settings(T: Any, say: Say) -> None:
    T.backends.cudnn.benchmark = True
    T.backends.cudnn.deterministic = True
    say(T.backends.cudnn.benchmark, T.backends.cudnn.deterministic, T.backends.cudnn.is_available())
    T.backends.cudnn.benchmark = T.backends.cudnn.deterministic = False
    say(T.get_float32_matmul_precision(), T.are_deterministic_algorithms_enabled(), T.get_deterministic_debug_mode())
    T.set_float32_matmul_precision("high")
    T.use_deterministic_algorithms(True, warn_only=True)
    say(T.get_float32_matmul_precision(), T.are_deterministic_algorithms_enabled(), T.get_deterministic_debug_mode())
    say(T.is_deterministic_algorithms_warn_only_enabled())
    T.set_float32_matmul_precision("highest")
    T.set_deterministic_debug_mode("default")
    say(T.are_deterministic_algorithms_enabled(), T.is_warn_always_enabled())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        T.set_default_tensor_type("torch.DoubleTensor")
    say(T.ones(1).dtype)
    T.set_default_dtype(T.float32)
    say(T.jit.is_scripting(), T.compiler.is_compiling(), T.overrides.is_tensor_like(T.ones(1)), T.overrides.is_tensor_like(1))


def versions(T: Any, say: Say) -> None:
    say(
        T.__version__.startswith("2.13.0"), T.__version__ >= "1.10", T.__version__ > (2, 0), T.__version__ < "2.9", T.__version__ >= (2, 13)
    )
    say(T.version.cuda, T.version.__version__ == T.__version__)


def types_by_name(T: Any, say: Say) -> None:
    say(T.typename(T.ones(1)), T.typename(T.ones(1).bfloat16()), T.typename(3), T.typename(T.nn.Linear(1, 1)).rpartition(".")[2])
    say(T.FloatTensor([1, 2]), T.LongTensor([3]), T.ByteTensor([1]), T.FloatTensor(2, 3).shape, T.BoolTensor([True]), T.DoubleTensor())
    say(isinstance(T.ones(1), T.FloatTensor), isinstance(T.ones(1), T.LongTensor), isinstance(3, T.FloatTensor), T.BFloat16Tensor.dtype)
    x = T.ones(2, 3)
    say(x.new(2, 2).shape, x.new([1, 2]), x.double().new([1]), x.long().new(3).dtype)
    say(T.is_signed(x), x.byte().is_signed(), x.bool().is_signed(), T.is_storage(x.untyped_storage()), T.is_storage(x))


def memory(T: Any, say: Say) -> None:
    x = T.arange(12, dtype=T.float32).view(3, 4)
    y = x[1:, 2:]
    say(x.untyped_storage().nbytes(), y.untyped_storage().nbytes(), y.untyped_storage().data_ptr() == x.data_ptr())
    say(y.data_ptr() - x.data_ptr(), y.storage_offset(), y.stride(), x.is_set_to(x.view(3, 4)), x.is_set_to(y), y.is_contiguous())
    say(x.is_pinned(), x.is_cpu, x.is_cuda, x.is_sparse, x.is_quantized, x.is_meta, x.is_mkldnn, x.is_neg(), x.is_nested, str(x.layout))
    say(x.t().dim_order(), x.dim_order(), x.to_dense() is x, T.is_distributed(x), T.is_inference(x), x.get_device(), T.get_device(x))
    say(x.untyped_storage().device.type, len(x.untyped_storage()), x.untyped_storage().tolist()[:8])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch warns once in the life of a process
        say(x.storage().tolist()[:3], len(x.storage()), x.storage().dtype)


def python_functions(T: Any, say: Say) -> None:
    x = T.tensor([[1.0, -2.0], [3.0, 4.0]])
    say(x.t().apply_(lambda v: v * 2), x, x._version > 0)
    say(x.map_(T.ones(2, 2), lambda a, b: a + b), x)
    tell(say, lambda: x.requires_grad_().apply_(abs), lambda: x.map_(x, max))
    say(T.abs_(T.tensor([-1.0])), T.zero_(T.ones(2)), T.clamp_(T.ones(2) * 3, max=2), T.detach(x).requires_grad)


def subclasses(T: Any, say: Say) -> None:
    class Mine(T.Tensor):  # type: ignore[misc]
        pass

    x = T.ones(2, requires_grad=True)
    made = (x * 2).as_subclass(Mine)
    say(type(made).__name__, made.requires_grad, made.is_leaf)
    made.sum().backward()
    say(x.grad)
    tell(say, lambda: x.as_subclass(int))


def memory_formats(T: Any, say: Say) -> None:
    x = T.arange(2 * 3 * 4 * 5, dtype=T.float32).view(2, 3, 4, 5)
    last = x.contiguous(memory_format=T.channels_last)
    say(last.stride(), last.is_contiguous(), last.is_contiguous(memory_format=T.channels_last), T.equal(last, x), last.dim_order())
    say(last.contiguous().stride(), last.clone().stride(), last.clone(memory_format=T.contiguous_format).stride())
    say(x.to(memory_format=T.channels_last).stride(), last.to(T.float64).stride(), (last * 2).stride(), last.relu().stride())
    say(last.double(memory_format=T.contiguous_format).stride() if False else last.double().stride(), (last + last).stride())
    say(T.empty_like(last).stride(), T.zeros_like(last, memory_format=T.contiguous_format).stride(), T.empty_like(last).shape)
    say(T.empty(2, 3, 4, 5, memory_format=T.channels_last).stride(), x.is_contiguous(memory_format=T.contiguous_format))
    v = T.zeros(1, 2, 3, 4, 5).contiguous(memory_format=T.channels_last_3d)
    say(v.stride(), v.is_contiguous(memory_format=T.channels_last_3d), str(T.channels_last), str(T.preserve_format))
    tell(say, lambda: T.ones(2, 3).contiguous(memory_format=T.channels_last), lambda: x.contiguous(memory_format=T.channels_last_3d))
    conv = T.nn.Conv2d(3, 4, 3)
    say((conv(x) - conv(last)).abs().max() < 1e-4, conv.to(memory_format=T.channels_last).weight.stride())
    say((conv(last) - conv(x)).abs().max() < 1e-4, last.grad_fn, (last.requires_grad_() * 1).contiguous().grad_fn)
    F = T.nn.functional
    say(F.max_pool2d(last, 2).shape, T.nn.BatchNorm2d(3)(last).shape, last.flatten(1).shape, last.view(2, 3, 20).shape)


def closeness(T: Any, say: Say) -> None:
    close = T.testing.assert_close
    a = T.tensor([1.0, 2.0, 3.0])
    tell(
        say,
        lambda: close(a, a + 1e-7), lambda: close(a, a + 1e-3, rtol=0.1, atol=0), lambda: close(a, a.double()),
        lambda: close(a, a.double(), check_dtype=False), lambda: close(a, a[:2]), lambda: close(1, 1), lambda: close(1.0, 1.0 + 1e-9),
        lambda: close([a, a], [a, a]), lambda: close({"x": a}, {"x": a}), lambda: close(a, a + 1), lambda: close([a], [a, a]),
        lambda: close({"x": a}, {"y": a}), lambda: close(a, a, rtol=1), lambda: close(T.tensor([T.nan]), T.tensor([T.nan])),
        lambda: close(T.tensor([T.nan]), T.tensor([T.nan]), equal_nan=True), lambda: close(a.long(), a.long()),
        lambda: close(a.long(), a.long() + 1), lambda: close(1, 2), lambda: close(a[0], a[1]),
        lambda: close(a, a.half(), check_dtype=False),
        lambda: close(a, a + 1, msg="mine"), lambda: close(a, a + 1, msg=lambda m: "mine: " + m[:10]), lambda: close(True, True),
        lambda: close(a.t().expand(2, 3), a.expand(2, 3), check_stride=True), lambda: close(a.bool(), a.bool()), lambda: close(None, None),
    )  # fmt: skip


def made_tensors(T: Any, say: Say) -> None:
    make = T.testing.make_tensor
    for kind in (T.float32, T.bfloat16, T.int64, T.uint8, T.bool, T.complex64):
        made = make((3, 4), dtype=kind, device="cpu")
        say(made.shape, made.dtype, made.requires_grad, made.is_contiguous())
    say(make(2, 3, dtype=T.float64, device="cpu", low=0, high=1, requires_grad=True).requires_grad)
    say(make((2, 3), dtype=T.float32, device="cpu", noncontiguous=True).is_contiguous())
    say(bool((make((50,), dtype=T.int64, device="cpu", low=3, high=5) // 2 <= 2).all()))


def diagonals(T: Any, say: Say) -> None:
    for shape in ((3, 3), (2, 4), (7, 3), (3, 3, 3)):
        say(T.zeros(shape).fill_diagonal_(5), T.zeros(shape).fill_diagonal_(5, wrap=True) if len(shape) == 2 else 0)
    tell(say, lambda: T.zeros(3).fill_diagonal_(1), lambda: T.zeros(2, 3, 4).fill_diagonal_(1))
    x = T.arange(3.0)
    y = T.from_dlpack(x)
    y += 1
    say(x, y, T.get_device_module("cpu").__name__.rpartition(".")[2])
    tell(say, lambda: x.requires_grad_().__dlpack__())


PROGRAMS = [
    diagonals,
    without_gpu, settings, versions, types_by_name, memory, python_functions, subclasses, memory_formats, closeness, made_tensors,
]  # fmt: skip


@pytest.fixture(autouse=True)
def settings_may_be_changed() -> Iterator[None]:
    """PyTorch's own test helpers, which other tests here import, forbid to assign to ``torch.backends``."""
    torch = pytest.importorskip("torch")
    with getattr(torch.backends, "__allow_nonbracketed_mutation")():  # a name that a class would mangle
        yield


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_the_answers_are_pytorchs(program: Program) -> None:
    same_story(program)
