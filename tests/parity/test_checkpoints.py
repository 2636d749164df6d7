"""Files that PyTorch wrote read here, and ours read by PyTorch: values, types, layout, what shares memory, state dicts."""

from __future__ import annotations

import collections
import copy
import io
import pickle
import random
from collections.abc import Callable
from typing import Any

import numpy
import pytest
import torch

import gradstep.engine as ours

DTYPES = (
    *("bool", "uint8", "int8", "int16", "int32", "int64", "uint16", "uint32", "uint64"),
    *("float16", "bfloat16", "float32", "float64", "complex64", "complex128"),
)


def file_of(T: Any, obj: object) -> io.BytesIO:
    file = io.BytesIO()
    T.save(obj, file)
    file.seek(0)
    return file


def told(value: Any) -> Any:
    """A loaded object in a form that both engines share."""
    if hasattr(value, "detach"):
        plain = value.detach()
        if "bfloat16" in str(plain.dtype):
            plain = plain.float()
        strides = tuple(value.stride()) if value.numel() else ()  # of a tensor without elements numpy tells others
        words = (type(value).__name__, str(value.dtype), tuple(value.shape), strides, value.requires_grad, str(value.device))
        return (*words, str(numpy.asarray(plain.numpy()).tolist()))
    if isinstance(value, dict):
        return (
            type(value).__name__,
            [(key, told(item)) for key, item in value.items()],
            told(vars(value)) if hasattr(value, "__dict__") else 0,
        )
    if isinstance(value, (list, tuple)):
        return type(value).__name__, [told(item) for item in value]
    return type(value).__name__, str(value) if not isinstance(value, set) else sorted(map(str, value))


def tensors(T: Any) -> dict[str, Any]:
    x = T.arange(24.0).reshape(2, 3, 4)
    return {
        **{kind: T.arange(6).to(getattr(T, kind)).reshape(2, 3) for kind in DTYPES},
        "0-d": T.tensor(2.5), "empty": T.zeros(0, 3), "one": T.ones(1, 1, 1),
        "transposed": x.transpose(0, 2), "slice": x[:, 1:, ::2], "row": x[1, 2], "element": x[1, 2, 3],
        "expanded": T.tensor([1.0, 2.0])[:, None].expand(2, 5),
        "leaf": T.ones(2, requires_grad=True), "result": T.ones(2, requires_grad=True) * 2,
        "detached": (T.ones(2, requires_grad=True) * 2).detach(),
        "parameter": T.nn.Parameter(T.ones(3)), "fixed": T.nn.Parameter(T.ones(3), requires_grad=False),
        "nan": T.tensor([float("nan"), float("-inf"), -0.0]),
        "real of complex": T.tensor([1 + 2j, 3 + 4j]).real,
    }  # fmt: skip


def data(T: Any) -> Any:
    return {
        "numbers": [0, 255, 256, 65536, -1, 1 << 40, -(1 << 70), 1 << 1000, 2.5, float("inf"), 1 - 2j, True, None],
        "texts": ["", "a", "ü\u20ac\U0001f600", "x" * 300, b"bytes\xff", bytearray(b"z")],
        "containers": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), [], [[]], {}, {1: {2: 3}}, {(1, "a"): 2}, {1, 2}],
        "ordered": collections.OrderedDict(b=1, a=2),
        "torch": [T.float32, T.bool, T.bfloat16, T.device("cpu"), T.device("cuda:1"), T.Size([2, 3])],
        "many": list(range(300)),
        "names": {f"name {n}": n for n in range(300)},
    }  # fmt: skip


@pytest.mark.parametrize("name", list(tensors(torch)))
def test_a_tensor_is_read_as_pytorch_reads_it(name: str) -> None:
    wanted = told(torch.load(file_of(torch, tensors(torch)[name])))
    assert told(ours.load(file_of(torch, tensors(torch)[name]))) == wanted
    assert told(torch.load(file_of(ours, tensors(ours)[name]))) == wanted
    assert told(ours.load(file_of(ours, tensors(ours)[name]))) == wanted


def test_plain_data_are_read_as_pytorch_reads_them() -> None:
    wanted = told(torch.load(file_of(torch, data(torch))))
    assert told(ours.load(file_of(torch, data(torch)))) == wanted
    assert told(torch.load(file_of(ours, data(ours)))) == wanted
    assert told(ours.load(file_of(ours, data(ours)))) == wanted


@pytest.mark.parametrize(("writer", "reader"), [(torch, ours), (ours, torch), (ours, ours)])
def test_memory_that_was_shared_is_shared_again(writer: Any, reader: Any) -> None:
    x = writer.arange(6.0).reshape(2, 3)
    y = writer.zeros(3)
    loaded = reader.load(file_of(writer, {"x": x, "row": x[1], "turned": x.t(), "y": y, "again": y, "same": x.detach()}))
    loaded["x"][1, 0] = 30.0
    loaded["y"][:] = 7.0
    assert loaded["row"].tolist() == [30.0, 4.0, 5.0]
    assert loaded["turned"][0].tolist() == [0.0, 30.0]
    assert loaded["same"][1, 0].item() == 30.0
    assert loaded["again"].tolist() == [7.0, 7.0, 7.0]
    assert loaded["again"] is loaded["y"]


def test_a_view_brings_all_of_its_memory_along() -> None:
    sizes = []
    for T in (torch, ours):
        sizes.append(len(file_of(T, T.zeros(100_000)[:1]).getvalue()))
    assert all(size > 400_000 for size in sizes)


def cnn(T: Any) -> Any:
    nn = T.nn
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(16, 3))


def lstm(T: Any) -> Any:
    return T.nn.ModuleDict({"lstm": T.nn.LSTM(3, 5, 2, bidirectional=True), "out": T.nn.Linear(10, 2), "norm": T.nn.LayerNorm(2)})


@pytest.mark.parametrize("model", [cnn, lstm])
@pytest.mark.parametrize(("writer", "reader"), [(torch, ours), (ours, torch), (ours, ours)])
def test_state_dicts_go_from_one_engine_to_the_other(model: Callable[[Any], Any], writer: Any, reader: Any) -> None:
    source, target = model(writer), model(reader)
    state = reader.load(file_of(writer, source.state_dict()))
    result = target.load_state_dict(state)
    assert not result.missing_keys
    assert not result.unexpected_keys
    wanted, found = source.state_dict(), target.state_dict()
    assert list(found) == list(wanted)
    for name in wanted:
        assert numpy.array_equal(found[name].numpy(), wanted[name].numpy())
    assert getattr(state, "_metadata", None) == source.state_dict()._metadata


@pytest.mark.parametrize("kind", ["SGD", "Adam", "AdamW", "RMSprop"])
@pytest.mark.parametrize(("writer", "reader"), [(torch, ours), (ours, torch)])
def test_training_goes_on_in_the_other_engine(kind: str, writer: Any, reader: Any) -> None:
    options = {"lr": 0.1, "momentum": 0.9} if kind == "SGD" else {"lr": 0.1}

    def begun(T: Any) -> tuple[Any, Any]:
        model = T.nn.Linear(3, 2)
        return model, getattr(T.optim, kind)(model.parameters(), **options)

    def step(T: Any, model: Any, optimizer: Any) -> None:
        optimizer.zero_grad()
        (model(T.ones(4, 3)) ** 2).sum().backward()
        optimizer.step()

    model, optimizer = begun(writer)
    for _ in range(3):
        step(writer, model, optimizer)
    file = file_of(writer, {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3})
    checkpoint = reader.load(file)
    assert checkpoint["epoch"] == 3
    other, others = begun(reader)
    other.load_state_dict(checkpoint["model"])
    others.load_state_dict(checkpoint["optimizer"])
    for _ in range(3):
        step(writer, model, optimizer)
        step(reader, other, others)
    assert numpy.allclose(other.weight.detach().numpy(), model.weight.detach().numpy(), rtol=1e-5, atol=1e-6)


def outcome(action: Callable[[], Any]) -> str:
    try:
        action()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "nothing was raised"


class Custom:
    pass


ERRORS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "no file": (lambda T: T.load("no such file.pt"), "FileNotFoundError: [Errno 2] No such file or directory: 'no such file.pt'"),
    "no folder": (lambda T: T.save(1, "no such folder/x.pt"), "RuntimeError: Parent directory no such folder does not exist."),
    "no target": (lambda T: T.save(1, 3), "AttributeError: expected 'f' to be string, path, or a file-like object with a"),
    "no source": (lambda T: T.load(3), "AttributeError: 'int' object has no attribute 'seek'. You can only torch.load from a file"),
    "empty": (lambda T: T.load(io.BytesIO()), "EOFError"),
    "garbage": (lambda T: T.load(io.BytesIO(b"garbage")), "UnpicklingError: Weights only load failed."),
    "cut": (
        lambda T: T.load(io.BytesIO(file_of(torch, torch.ones(3)).getvalue()[:-30])),
        "RuntimeError: PytorchStreamReader failed reading zip archive: failed finding central directory",
    ),
    "class": (
        lambda T: T.load(file_of(torch, Custom())),
        f"Unsupported global: GLOBAL {__name__}.Custom was not an allowed global by default. Please use "
        f"`torch.serialization.add_safe_globals([{__name__}.Custom])` or the `torch.serialization.safe_globals([{__name__}.Custom])` "
        "context manager to allowlist this global if you trust this class/function.",
    ),
    "two types": (
        lambda T: (lambda x: T.save([x, T.view_as_real(x)], io.BytesIO()))(T.ones(2, dtype=T.complex64)),
        "RuntimeError: Cannot save multiple tensors or storages that view the same data as different types",
    ),
    "pickle_module": (
        lambda T: T.load(file_of(torch, 1), weights_only=True, pickle_module=pickle),
        "RuntimeError: Can not safely load weights when explicit pickle_module is specified",
    ),
    "cuda": (
        lambda T: T.load(file_of(torch, torch.ones(1)), map_location="cuda"),
        "RuntimeError: Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is False. If you are running on a "
        "CPU-only machine, please use torch.load with map_location=torch.device('cpu') to map your storages to the CPU.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ERRORS)
def test_errors_are_told_in_pytorchs_words(name: str) -> None:
    if name == "cuda" and torch.cuda.is_available():
        pytest.skip("there is a GPU")
    action, words = ERRORS[name]
    for T in (torch, ours):
        assert words in outcome(lambda T=T: action(T)), T.__name__


def test_locations_are_mapped_as_pytorch_maps_them() -> None:
    text = file_of(torch, {"a": torch.ones(2), "b": torch.zeros(1)}).getvalue()
    for mapped in ("cpu", {"cuda:0": "cpu"}, {}, lambda memory, name: memory, lambda memory, name: None):
        found = [told(T.load(io.BytesIO(text), map_location=mapped)) for T in (torch, ours)]
        assert found[0] == found[1]
    assert ours.load(io.BytesIO(text), map_location=ours.device("cpu"))["a"].device.type == "cpu"


def test_changed_files_of_pytorchs_are_read_or_refused() -> None:
    text = file_of(torch, {"x": torch.arange(6.0).reshape(2, 3), "p": torch.nn.Parameter(torch.ones(2)), "n": [1, "a"]}).getvalue()
    generator = random.Random(1)
    outcomes = collections.Counter[str]()
    for _ in range(1500):
        changed = bytearray(text)
        for _ in range(generator.randint(1, 4)):
            changed[generator.randrange(len(changed))] ^= 1 << generator.randrange(8)
        outcomes[outcome(lambda changed=changed: ours.load(io.BytesIO(bytes(changed)))).partition(":")[0]] += 1
    assert set(outcomes) <= {"nothing was raised", "RuntimeError", "UnpicklingError", "ValueError"}
    assert outcomes["RuntimeError"] > 300


def test_a_copy_of_what_was_loaded_can_be_saved_again() -> None:
    state = ours.load(file_of(torch, cnn(torch).state_dict()))
    again = torch.load(file_of(ours, copy.deepcopy(dict(state))))
    assert list(again) == list(state)
