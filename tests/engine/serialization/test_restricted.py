"""The reader of pickles: data come through, and nothing is run."""

from __future__ import annotations

import collections
import io
import pickle
import pickletools
import random
import zipfile
from typing import Any

import pytest

import gradstep.engine as gs
from gradstep.engine import serialization
from gradstep.engine.serialization.restricted import PYTHON, Restricted

RAN: list[object] = []


def run(*arguments: object) -> object:
    """What a hostile file would like to call."""
    RAN.append(arguments)
    return arguments


class Hostile:
    def __init__(self, *reduced: Any) -> None:
        self.reduced = reduced

    def __reduce__(self) -> Any:
        return tuple(iter(part) if isinstance(part, list) else part for part in self.reduced)


class Point:
    def __init__(self, x: int) -> None:
        self.x = x


def read(data: bytes, trusted: dict[str, Any] | None = None) -> Any:
    return Restricted(data, PYTHON, trusted or {}, lambda words: words, "").load()


@pytest.mark.parametrize("protocol", range(2, 6))
@pytest.mark.parametrize(
    "data",
    [
        None, True, 0, 255, -1, 1 << 40, -(1 << 80), 2.5, "text", "", "ü\u20ac", (), (1,), (1, 2, 3, 4), [], [[1], [2]], {},
        {"a": {1: (2, "b")}},
        {1, 2}, 1j, collections.OrderedDict(a=1), collections.Counter("aab"), b"bytes\xff", bytearray(b"x"),
    ],
    ids=repr,
)  # fmt: skip
def test_plain_data_come_back(data: object, protocol: int) -> None:
    found = read(pickle.dumps(data, protocol))
    assert found == data
    assert type(found) is type(data)


def test_what_was_shared_is_shared_again() -> None:
    inner: list[object] = [1]
    inner.append(inner)
    first, second = read(pickle.dumps([inner, inner], 2))
    assert first is second is first[1]


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    "hostile",
    [
        Hostile(run, (1,)), Hostile(eval, ("run(1)",)), Hostile(exec, ("run(1)",)), Hostile(getattr, (run, "__call__")),
        Hostile(collections.OrderedDict, (), None, None, [("k", Hostile(run, (1,)))]), run, Hostile, print, type,
    ],
)  # fmt: skip
def test_code_is_refused_by_its_name_and_not_run(hostile: object, protocol: int) -> None:
    RAN.clear()
    with pytest.raises(pickle.UnpicklingError, match="Weights only load failed"):
        read(pickle.dumps(hostile, protocol))
    assert RAN == []


def test_a_refusal_names_the_global_and_the_way_out() -> None:
    wanted = (
        "Unsupported global: GLOBAL builtins.eval was not an allowed global by default. Please use `torch.serialization.add_safe_globals"
    )
    with pytest.raises(pickle.UnpicklingError, match=wanted.replace("(", r"\(")):
        read(pickle.dumps(eval, 2))
    with pytest.raises(pickle.UnpicklingError, match=r"unsupported GLOBAL os.system whose module os is blocked"):
        read(b"cos\nsystem\n(S'true'\ntR.")


@pytest.mark.parametrize(
    "text",
    [
        b"(S'1'\nios\nsystem\n.", b"(cos\nsystem\nS'1'\no.", b"\x82\x01.", b"Pid\n.", b"]R.", b"K\x01K\x02R.", b"}}b.",
        b"](K\x01K\x02s.", b"K\x01a.",
        b"0.", b".", b"", b"N", b"NN.", b"h\x05.", b"t.", b"\x80\xff.", b"]\x94h\x00(e", b"K\x01Q", b"\x8a\xff", b"X\xff\xff\xff\xff",
        b"ccollections\nOrderedDict\n\x8aR.",
        b"ccollections\nOrderedDict\n)R}X\x05\x00\x00\x00itemsNsb.", b"c__builtin__\nbytearray\nJ\xff\xff\xff\x7f\x85R.",
        b"c_codecs\nencode\nX\x01\x00\x00\x00aX\x03\x00\x00\x00hex\x86R.",
        b"}" + b"K\x01" + b"\x85" * 3000 + b"Ns.",
    ],
)  # fmt: skip
def test_what_is_no_pickle_of_data_is_refused(text: bytes) -> None:
    with pytest.raises(pickle.UnpicklingError, match="Weights only load failed"):
        read(text)


def test_tuples_in_tuples_are_data_only_no_keys() -> None:
    assert isinstance(read(b"(" * 2000 + b"t" * 2000 + b"."), tuple)


def test_classes_that_the_user_allowed_are_made_again() -> None:
    def saved(obj: object) -> io.BytesIO:
        file = io.BytesIO()
        gs.save(obj, file)
        file.seek(0)
        return file

    with pytest.raises(pickle.PicklingError, match=r"not an object of .*Point"):
        saved(Point(3))
    with serialization.safe_globals([Point]):
        file = saved([Point(3), Point])
        found, kind = gs.load(file)
        assert (type(found), found.x, kind) == (Point, 3, Point)
        assert serialization.get_safe_globals() == [Point]
    file.seek(0)
    with pytest.raises(pickle.UnpicklingError, match=r"Point was not an allowed global"):
        gs.load(file)
    file.seek(0)
    with pytest.raises(pickle.UnpicklingError, match="weights_only=False does not help here"):
        gs.load(file, weights_only=False)


def test_mutated_pickles_are_read_or_refused() -> None:
    file = io.BytesIO()
    x = gs.arange(12.0).reshape(3, 4)
    gs.save({"x": x, "t": x.t(), "p": gs.nn.Parameter(gs.ones(2)), "n": [1, 2.5, "a", (1, {2}), b"z", gs.float64, x.shape]}, file)
    with zipfile.ZipFile(file) as archive:
        records = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    text = records["data.pkl"]
    codes = bytes(ord(opcode.code) for opcode in pickletools.opcodes)
    generator = random.Random(0)
    outcomes = collections.Counter[str]()
    for _ in range(3000):
        mutated = bytearray(text)
        for _ in range(generator.randint(1, 3)):
            place = generator.randrange(len(mutated))
            kind = generator.randrange(4)
            if kind == 0:
                mutated[place] = generator.randrange(256)
            elif kind == 1:
                mutated[place] = generator.choice(codes)
            elif kind == 2:
                del mutated[place : place + generator.randint(1, 9)]
            else:
                mutated[place:place] = text[generator.randrange(len(text)) :][: generator.randint(1, 30)]
            if not mutated:
                mutated = bytearray(b".")
        out = io.BytesIO()
        serialization.archive.write(out, {**records, "data.pkl": bytes(mutated)})
        try:
            gs.load(out)
            outcomes["read"] += 1
        except (pickle.UnpicklingError, RuntimeError) as error:
            outcomes[type(error).__name__] += 1
    assert outcomes["UnpicklingError"] > 500
    assert outcomes["read"] > 50
