"""The safetensors format against the package: the same bytes, the same tensors, the same refusals."""

from __future__ import annotations

import io
import json
import random
import struct
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch

import gradstep.engine as ours
from gradstep.engine.serialization import safetensors as mine

theirs = pytest.importorskip("safetensors.torch")
package = pytest.importorskip("safetensors")
DTYPES = (
    *("bool", "uint8", "int8", "int16", "int32", "int64", "uint16", "uint32", "uint64"),
    *("float16", "bfloat16", "float32", "float64", "complex64"),
)


def tensors(T: Any) -> dict[str, Any]:
    return {
        **{kind: T.arange(6).to(getattr(T, kind)).reshape(2, 3) for kind in reversed(DTYPES)},
        "0-d": T.tensor(2.5), "empty": T.zeros(0, 3), "ü": T.ones(1),
    }  # fmt: skip


def told(found: dict[str, Any]) -> list[Any]:
    return [
        (name, str(t.dtype), tuple(t.shape), (t.float() if "bfloat" in str(t.dtype) else t).numpy().tolist())
        for name, t in sorted(found.items())
    ]


def test_the_bytes_are_the_packages() -> None:
    for metadata in (None, {"format": "pt"}):
        assert mine.save(tensors(ours), metadata) == theirs.save(tensors(torch), metadata)
    assert mine.save({}) == theirs.save({})


def test_each_reads_what_the_other_wrote(tmp_path: Path) -> None:
    mine.save_file(tensors(ours), tmp_path / "ours", {"a": "b"})
    theirs.save_file(tensors(torch), tmp_path / "theirs", {"a": "b"})
    theirs.save_file(tensors(torch), tmp_path / "theirs.safetensors")
    wanted = told(tensors(torch))
    assert told(theirs.load_file(tmp_path / "ours")) == wanted
    assert told(mine.load_file(tmp_path / "theirs")) == wanted
    assert told(mine.load(theirs.save(tensors(torch)))) == wanted
    assert told(ours.load(tmp_path / "theirs.safetensors")) == told(torch.load(tmp_path / "theirs.safetensors")) == wanted
    for mapped, how in (({}, "dict"), (lambda memory, name: memory, "callable")):
        for T in (torch, ours):
            with pytest.raises(RuntimeError, match=f"Loading safetensors file with {how} map_location is not supported"):
                T.load(tmp_path / "theirs.safetensors", map_location=mapped)
    with mine.safe_open(tmp_path / "theirs", framework="pt") as found, package.safe_open(tmp_path / "theirs", framework="pt") as other:
        assert found.keys() == list(other.keys())
        assert found.offset_keys() == list(other.offset_keys())
        assert found.metadata() == other.metadata() == {"a": "b"}
        assert found.get_tensor("float32").tolist() == other.get_tensor("float32").tolist()
        assert found.get_slice("float32")[:1].tolist() == other.get_slice("float32")[:1].tolist()
        with pytest.raises(mine.SafetensorError, match="File does not contain tensor nothing"):
            found.get_tensor("nothing")


def test_models_with_tied_weights_come_back(tmp_path: Path) -> None:
    def model(T: Any) -> Any:
        net = T.nn.Sequential(T.nn.Embedding(5, 3), T.nn.Linear(3, 5, bias=False))
        net[1].weight = net[0].weight
        return net

    for writer, reader, source, target in ((theirs, mine, model(torch), model(ours)), (mine, theirs, model(ours), model(torch))):
        writer.save_model(source, str(tmp_path / "model"))
        missing, unexpected = reader.load_model(target, tmp_path / "model")
        assert (list(missing), list(unexpected)) == ([], [])
        assert numpy.array_equal(target[0].weight.detach().numpy(), source[0].weight.detach().numpy())
        assert numpy.array_equal(target[1].weight.detach().numpy(), source[0].weight.detach().numpy())
    with pytest.raises(RuntimeError, match=r"Missing key\(s\) in state_dict"):
        mine.load_model(ours.nn.Linear(3, 5), tmp_path / "model")


def header(words: object, data: bytes = b"") -> bytes:
    text = words if isinstance(words, bytes) else json.dumps(words).encode()
    return struct.pack("<Q", len(text)) + text + data


T8 = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
DAMAGED = {
    "nothing": b"",
    "short": b"abc",
    "huge header": struct.pack("<Q", 1 << 40) + b"{}",
    "cut header": struct.pack("<Q", 50) + b"{}",
    "a list": header(b"[1]"),
    "no text": header(b"\xff\xff"),
    "no JSON": header(b'{"a":'),
    "data cut": header({"a": T8}, b"1234567"),
    "data over": header({"a": T8}, b"123456789"),
    "other shape": header({"a": {**T8, "shape": [3]}}, b"12345678"),
    "other type": header({"a": {**T8, "dtype": "X"}}, b"12345678"),
    "two on one place": header({"a": T8, "b": T8}, b"12345678"),
    "a gap": header({"a": T8, "b": {**T8, "data_offsets": [12, 20]}}, b"1" * 20),
    "backwards": header({"a": {**T8, "data_offsets": [8, 0]}}, b"1" * 8),
    "overflow": header({"a": {**T8, "shape": [1 << 40, 1 << 40]}}, b"1" * 8),
    "negative": header({"a": {**T8, "shape": [-1]}}, b"1" * 8),
    "metadata of numbers": header({"__metadata__": {"a": 1}}),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_what_is_damaged_is_refused_in_the_packages_words(name: str) -> None:
    with pytest.raises(package.SafetensorError) as wanted:
        theirs.load(DAMAGED[name])
    with pytest.raises(mine.SafetensorError) as found:
        mine.load(DAMAGED[name])
    words = (
        str(wanted.value)
        .partition("invalid JSON in header: ")[0]
        .partition(" sequence of")[0]
        .partition(" invalid utf-8")[0]
        .partition("`")[0]
    )
    assert str(found.value).startswith(words.rstrip(" :") or "Error while deserializing")


def test_a_name_that_stands_twice_is_refused() -> None:
    one = b'"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}'
    with pytest.raises(mine.SafetensorError, match="twice"):
        mine.load(header(b"{" + one + b"," + one + b"}", b"1" * 8))


REFUSED: dict[str, Callable[[Any, Any], Any]] = {
    "shared": lambda T, st: (lambda x: st.save({"a": x, "b": x}))(T.ones(2, 3)),
    "view": lambda T, st: (lambda x: st.save({"a": x[0], "b": x}))(T.ones(2, 3)),
    "not contiguous": lambda T, st: st.save({"a": T.ones(2, 3).t()}),
    "a number": lambda T, st: st.save({"a": 3}),
    "a list": lambda T, st: st.save([T.ones(1)]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_package_does_not_write_is_not_written(name: str) -> None:
    with pytest.raises((ValueError, RuntimeError, TypeError)) as wanted:
        REFUSED[name](torch, theirs)
    with pytest.raises(type(wanted.value)) as found:
        REFUSED[name](ours, mine)
    assert str(found.value)[:100] == str(wanted.value)[:100]


def test_changed_files_are_read_or_refused() -> None:
    text = theirs.save(tensors(torch), {"a": "b"})
    generator = random.Random(0)
    outcomes = Counter[str]()
    (length,) = struct.unpack("<Q", text[:8])
    for _ in range(3000):
        changed = bytearray(text)
        for _ in range(generator.randint(1, 3)):
            changed[generator.randrange(8 + length)] = generator.randrange(256)
        try:
            mine._all(io.BytesIO(bytes(changed)), ours.device("cpu"))
            outcomes["read"] += 1
        except mine.SafetensorError:
            outcomes["refused"] += 1
    assert outcomes["refused"] > 1000
