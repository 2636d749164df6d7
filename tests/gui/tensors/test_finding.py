"""Hits in a value of any size are counted in pieces and walked through in reading order, wherever the value is."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from gradstep.engine.debug import planes
from gradstep.engine.debug.protocol import Response
from gradstep.engine.tape.overview import Plane
from gradstep.engine.tape.sought import parse
from gradstep.gui.tensors import finding
from gradstep.gui.tensors.finding import Found, Hunt, flat_of
from gradstep.gui.tensors.levels import Levels
from gradstep.gui.tensors.sources import ArraySource, LiveSource, Pair, Source

from .kept import on_tape

SHAPE = (3, 40, 50)


def numbers() -> np.ndarray:
    value = np.random.default_rng(1).normal(size=SHAPE).astype(np.float32)
    value[1, 20, 30] = 9.5
    value[2, 0, 0] = math.nan
    return value


def live(value: np.ndarray, *, reduces: bool) -> LiveSource:
    """A paused program, with numpy or without."""

    def request(kind: str, callback: Callable[[Response], None], **arguments: Any) -> bool:
        index = tuple(slice(None) if one is None else slice(*one) if isinstance(one, list) else one for one in arguments.get("index", []))
        body: dict[str, Any] = {"dtype": value.dtype.name}
        raw = b""
        if kind == "reduce":
            body["blocks"], raw = planes.reduced(lambda index: value[index], value.shape, arguments)
        elif kind == "figures" and "ends" in arguments:
            body["ends"] = planes.ends(value[index], arguments["ends"])
        elif kind == "figures":
            body["hits"] = int(planes.hits(value[index], arguments).sum())
        else:
            part = np.ascontiguousarray(planes.hits(value[index], arguments) if "find" in arguments else value[index])
            body |= {"dtype": part.dtype.name, "slice_shape": list(part.shape)}
            raw = part.tobytes()
        assert reduces or (kind == "value" and "find" not in arguments)
        callback(Response(1, kind, True, "", body, raw))
        return True

    return LiveSource(request, {"tensor": 1, "version": 0}, value.shape, value.dtype.name, value.itemsize, reduces)


@pytest.fixture(params=["memory", "tape", "program", "program without numpy", "pair"])
def source(request: pytest.FixtureRequest, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Source:
    monkeypatch.setattr(finding, "PIECE", 700)  # some pieces
    value = numbers()
    if request.param == "memory":
        return ArraySource(value)
    if request.param == "tape":
        return on_tape(tmp_path, value)
    if request.param == "pair":
        return Pair(live(value, reduces=False), live(np.zeros_like(value), reduces=False), "difference")
    return live(value, reduces=request.param == "program")


def gone(qtbot: QtBot, hunt: Hunt, start: int, *, forward: bool, here: bool = False) -> Any:
    arrivals: list[Any] = []
    hunt.arrived.connect(arrivals.append)
    hunt.go(start, forward=forward, here=here)
    qtbot.waitUntil(lambda: bool(arrivals))
    hunt.arrived.disconnect(arrivals.append)
    return arrivals[0]


@pytest.mark.parametrize("words", ["> 1.5", "nan", "max", "abs > 2 or nan", "not finite", "17"])
def test_all_hits_are_counted_and_visited_in_order_forwards_and_back(qtbot: QtBot, source: Source, words: str) -> None:
    value = numbers()
    sought = parse(words)
    expected = np.flatnonzero(value.reshape(-1) == 9.5 if words == "max" else sought.hits(value).reshape(-1)).tolist()
    hunt = Hunt(source, sought)
    hunt.begin()
    qtbot.waitUntil(lambda: hunt.is_over)
    assert hunt.count == len(expected)
    if not expected:
        assert gone(qtbot, hunt, 0, forward=True) is None
        return
    here, visited = -1, []
    for place in range(1, min(len(expected), 30) + 1):
        index = gone(qtbot, hunt, max(here, 0), forward=True, here=here < 0)
        here = flat_of(index, SHAPE)
        visited.append(here)
        assert hunt.place == place
    assert visited == expected[:30]
    assert flat_of(gone(qtbot, hunt, expected[-1], forward=True), SHAPE) == expected[0]
    assert flat_of(gone(qtbot, hunt, expected[0], forward=False), SHAPE) == expected[-1]
    assert hunt.place == len(expected)
    between = (expected[0] + expected[-1]) // 2
    assert flat_of(gone(qtbot, hunt, between, forward=False), SHAPE) == max(
        [one for one in expected if one < between], default=expected[-1]
    )
    source.close()


def test_what_is_marked_is_true_where_the_hits_are(qtbot: QtBot, source: Source) -> None:
    hunt = Hunt(source, parse("max"))
    hunt.begin()
    qtbot.waitUntil(lambda: hunt.tally is not None)
    assert hunt.tally is not None
    found = Found(source, hunt.tally)
    levels = Levels(found, Plane(1, 2, (1, 0, 0)), "abs", lambda: None)
    qtbot.waitUntil(lambda: levels.share >= 1)
    (placed,) = levels.placed((0, 40, 0, 50), 1.0, 1.0)
    assert np.argwhere(placed.level.peak > 0).tolist() == [[20, 30]]
    levels.close()
    source.close()


def test_a_value_of_a_hundred_million_numbers_is_searched_beside_the_window(qtbot: QtBot, tmp_path: Path) -> None:
    value = np.zeros((10_000, 10_000), np.int8)
    hits = [(0, 17), (5_000, 5_000), (9_999, 9_999)]
    for index in hits:
        value[index] = 3
    source = on_tape(tmp_path, value)
    del value
    shares: list[float] = []
    hunt = Hunt(source, parse("> 2"))
    hunt.changed.connect(lambda: shares.append(hunt.share))
    hunt.begin()
    assert not hunt.is_over  # nothing is read by the thread that asks
    assert gone(qtbot, hunt, 18, forward=True) == (5_000, 5_000)
    assert gone(qtbot, hunt, 0, forward=False) == (9_999, 9_999)
    qtbot.waitUntil(lambda: hunt.is_over, timeout=60_000)
    assert hunt.count == 3
    assert len(set(shares)) > 50  # it is said how far it came
    source.close()


def test_a_search_that_is_stopped_says_what_it_found_so_far_and_still_goes_on_to_hits(qtbot: QtBot, tmp_path: Path) -> None:
    value = np.zeros((3000, 3000), np.float32)
    value[0, 5] = value[2999, 2999] = 1.0
    source = on_tape(tmp_path, value)
    hunt = Hunt(source, parse("1"))
    hunt.changed.connect(lambda: hunt.stop() if hunt.count and not hunt.stopped else None)
    hunt.begin()
    qtbot.waitUntil(lambda: hunt.stopped)
    assert hunt.count == 1
    assert not hunt.is_over
    assert gone(qtbot, hunt, 5, forward=False) == (2999, 2999)
    assert hunt.place is None  # what lies before it is not counted
    source.close()


def test_a_program_that_goes_on_ends_the_search_with_its_reason(qtbot: QtBot) -> None:
    source = LiveSource(lambda *_, **__: False, {"tensor": 1, "version": 0}, SHAPE, "float32", 4)
    reasons: list[str] = []
    hunt = Hunt(source, parse("max"))
    hunt.failed.connect(reasons.append)
    hunt.begin()
    (reason,) = reasons
    assert "not paused" in reason


@pytest.mark.parametrize(("value", "words", "count"), [(np.float32(3).reshape(()), "3", 1), (np.zeros((0, 4)), "0", 0)])
def test_one_number_and_none_at_all(qtbot: QtBot, value: np.ndarray, words: str, count: int) -> None:
    hunt = Hunt(ArraySource(value), parse(words))
    hunt.begin()
    assert (hunt.is_over, hunt.count) == (True, count)
    assert gone(qtbot, hunt, 0, forward=True, here=True) == (() if count else None)
