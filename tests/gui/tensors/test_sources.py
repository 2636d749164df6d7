"""A value is asked for in parts, wherever it is; the newest wish wins, and whoever went away hears nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from gradstep.engine.debug.protocol import Response
from gradstep.engine.tape.overview import NAN, Plane
from gradstep.gui.tensors.cells import Pages
from gradstep.gui.tensors.comparison import Compared, Comparison
from gradstep.gui.tensors.levels import Levels
from gradstep.gui.tensors.passes import Counting, Search, Spreading
from gradstep.gui.tensors.sources import (
    Answer,
    ArraySource,
    Count,
    Counted,
    LiveSource,
    Missing,
    Pair,
    Part,
    Question,
    Smaller,
    Source,
)

from .kept import on_tape

SHAPE = (600, 900)


def numbers() -> np.ndarray:
    value = np.random.default_rng(1).normal(size=SHAPE).astype(np.float32)
    value[321, 654] = np.nan
    return value


class Slow(Source):
    """An array that answers when it is told to."""

    most = 1 << 16

    def __init__(self, array: np.ndarray) -> None:
        super().__init__(array.shape, array.dtype.name)
        self._inner = ArraySource(array, parent=self)
        self.under_way: list[tuple[Question, Callable[[Answer], None]]] = []
        self.put: list[Question] = []

    def _put(self, question: Question, done: Callable[[Answer], None]) -> None:
        self.put.append(question)
        self.under_way.append((question, done))

    def answer_one(self) -> None:
        question, done = self.under_way.pop(0)
        self._inner.ask(question, done)

    def answer_all(self) -> None:
        while self.under_way:
            self.answer_one()


def asked(source: Source, question: Question) -> list[Answer]:
    found: list[Answer] = []
    source.ask(question, found.append)
    return found


def test_one_question_is_under_way_and_the_one_of_lowest_rank_comes_next(qtbot: QtBot) -> None:
    source = Slow(numbers())
    order: list[str] = []
    for name, rank in (("first", 5), ("late", 5), ("early", 1)):
        source.ask(Part((0,)), lambda _, name=name: order.append(name), name, rank)
    assert len(source.under_way) == 1
    source.answer_all()
    assert order == ["first", "early", "late"]


def test_what_is_forgotten_is_not_put_and_a_closed_source_answers_nobody(qtbot: QtBot) -> None:
    source = Slow(numbers())
    heard: list[int] = []
    for number in range(3):
        source.ask(Part((number,)), lambda _, number=number: heard.append(number), "row")
    source.forget("row")
    source.answer_all()
    assert heard == [0]
    source.ask(Part((7,)), lambda _: heard.append(7))
    source.close()
    source.answer_all()
    source.ask(Part((8,)), lambda _: heard.append(8))
    assert heard == [0]


def test_the_tape_and_memory_answer_alike(qtbot: QtBot, tmp_path: Path) -> None:
    value = numbers()
    near, far = ArraySource(value), on_tape(tmp_path, value)
    questions: list[Question] = [
        Part((slice(3, 9), slice(100, 105))), Count((slice(0, 400),), -1.0, 1.0), Smaller(Plane(0, 1, (0, 0)), (0, 600, 300, 900), 16, 8),
        Smaller(Plane(1, 0, (0, 0)), (600, 700, 300, 350), 4, 4),
    ]  # fmt: skip
    for question in questions:
        (here,), there = asked(near, question), asked(far, question)
        qtbot.waitUntil(lambda there=there: bool(there))
        if isinstance(question, Part):
            assert np.array_equal(here, there[0])
        elif isinstance(question, Count):
            assert here == there[0]
        else:
            assert np.array_equal(here.flags, there[0].flags)
            assert np.allclose(here.mean, there[0].mean)
    far.close()


def test_a_file_that_is_gone_is_said_and_not_raised(qtbot: QtBot, tmp_path: Path) -> None:
    far = on_tape(tmp_path, numbers())
    (tmp_path / "a.gst").unlink()
    found = asked(far, Part((0,)))
    qtbot.waitUntil(lambda: bool(found))
    assert isinstance(found[0], Missing)
    far.close()


def program(value: np.ndarray, requests: list[str]) -> Callable[..., bool]:
    """What a paused program without numpy answers: slices alone."""

    def request(kind: str, callback: Callable[[Response], None], **arguments: Any) -> bool:
        requests.append(kind)
        index = tuple(slice(None) if one is None else slice(*one) if isinstance(one, list) else one for one in arguments.get("index", []))
        part = np.ascontiguousarray(value[index])
        body = {"dtype": value.dtype.name, "slice_shape": list(part.shape)}
        callback(Response(1, kind, kind == "value", "" if kind == "value" else "no numpy", body, part.tobytes()))
        return True

    return request


def test_of_a_program_that_gives_parts_alone_the_window_makes_the_rest(qtbot: QtBot) -> None:
    value, requests = numbers(), []
    source = LiveSource(program(value, requests), {"tensor": 1, "version": 0}, SHAPE, "float32", 4, reduces=False)
    assert source.most == source.page == 1 << 18
    (found,) = asked(source, Count((slice(0, 100),)))
    assert found.figures.count == 90_000
    (level,) = asked(source, Smaller(Plane(0, 1, (0, 0)), (300, 400, 600, 700), 10, 10))
    assert np.argwhere(level.flags & NAN).tolist() == [[2, 5]]
    assert set(requests) == {"value"}


def test_a_program_that_runs_is_not_asked(qtbot: QtBot) -> None:
    source = LiveSource(lambda *_, **__: False, {"tensor": 1, "version": 0}, SHAPE, "float32", 4)
    (found,) = asked(source, Part((0,)))
    assert isinstance(found, Missing)
    assert "not paused" in found.why


@pytest.mark.parametrize("how", ["difference", "ratio"])
def test_a_pair_is_read_from_both_and_is_the_same_near_and_far(qtbot: QtBot, how: str) -> None:
    a, b = numbers(), numbers()[::-1].copy()
    a[0, 0] = b[0, 0] = np.inf
    near = Pair(ArraySource(a), ArraySource(b), how)
    slow = Slow(a), Slow(b)
    far = Pair(*slow, how)
    question = Part((slice(0, 2), slice(0, 5)))
    (here,), there = asked(near, question), asked(far, question)
    slow[0].answer_all()
    slow[1].answer_all()
    assert np.array_equal(here, there[0], equal_nan=True)
    assert here[0, 0] == (0.0 if how == "difference" else 1.0)
    assert near.dtype == "float64"


def test_the_picture_begins_with_a_sample_and_loses_no_nan_when_all_is_read(qtbot: QtBot) -> None:
    value = np.zeros((3000, 5000), np.float32)
    value[1777, 3333] = np.nan
    source = Slow(value)
    source.most = 1 << 20
    told: list[int] = []
    levels = Levels(source, Plane(0, 1, (0, 0)), "abs", lambda: told.append(1))
    assert levels.placed((0, 3000, 0, 5000), 10, 10) == []
    source.answer_one()
    assert levels.sample is not None
    assert isinstance(source.put[0], Part)
    first = levels.placed((0, 3000, 0, 5000), 10, 10)
    assert first[0].level.flags.shape == (250, 313)  # blocks of 12 x 16 elements: at least a pixel each
    assert levels.share == 0
    source.answer_all()
    assert levels.share == 1
    (placed,) = levels.placed((0, 3000, 0, 5000), 10, 10)
    ((row, column),) = np.argwhere(placed.level.flags & NAN)
    assert row == 1777 // placed.level.down
    assert column == 3333 // placed.level.across
    assert all(question.region[1] - question.region[0] < 3000 for question in source.put if isinstance(question, Smaller))


def test_zooming_reads_what_is_in_view_and_the_newest_view_wins(qtbot: QtBot) -> None:
    value = np.arange(4000 * 4000, dtype=np.float32).reshape(4000, 4000)
    source = Slow(value)
    source.most = 1 << 18
    levels = Levels(source, Plane(0, 1, (0, 0)), "abs", lambda: None)
    source.answer_all()
    levels.placed((0, 300, 0, 300), 0.5, 0.5)
    levels.placed((3000, 3300, 3000, 3300), 0.5, 0.5)
    source.answer_all()
    detail = levels.placed((3000, 3300, 3000, 3300), 0.5, 0.5)[-1]
    assert (detail.level.down, detail.level.across) == (1, 1)
    assert detail.level.mean[3100 - detail.top, 3200 - detail.left] == value[3100, 3200]
    seen = [one.region for one in source.put if isinstance(one, Smaller) and one.down == 1]
    assert sum((bottom - top) * (right - left) for top, bottom, left, right in seen) < 1_000_000


def test_a_plane_that_is_flat_or_narrow_is_made_smaller_in_one_direction(qtbot: QtBot) -> None:
    value = np.random.default_rng(0).normal(size=(5, 200_000))
    levels = Levels(ArraySource(value), Plane(0, 1, (0, 0)), "abs", lambda: None)
    (placed,) = levels.placed((0, 5, 0, 200_000), 0.01, 400.0)
    assert placed.level.flags.shape[0] == 5
    assert placed.level.across >= 400


def test_pages_come_when_they_are_seen_and_what_went_out_of_view_is_not_waited_for(qtbot: QtBot) -> None:
    value = numbers()
    source, told = Slow(value), []
    pages = Pages(source, Plane(0, 1, (0, 0)), lambda: told.append(1))
    assert pages.block(0, 10, 0, 5) is None
    assert pages.block(500, 510, 800, 805) is None
    source.answer_all()
    block = pages.block(500, 510, 800, 805)
    assert block is not None
    assert np.array_equal(block, value[500:510, 800:805])
    assert pages.element(500, 801) == value[500, 801]
    assert sum(isinstance(question, Part) for question in source.put) <= 3
    assert told


@pytest.mark.parametrize("shape", [(1, 50_000), (50_000, 1), (70, 70), (3, 3)])
def test_pages_of_any_shape_give_any_region(qtbot: QtBot, shape: tuple[int, int]) -> None:
    value = np.arange(shape[0] * shape[1]).reshape(shape)
    source = Slow(value)
    pages = Pages(source, Plane(0, 1, (0, 0)), lambda: None)
    for top, left in ((0, 0), (shape[0] // 2, shape[1] // 2), (shape[0] - 1, shape[1] - 1)):
        region = top, min(top + 30, shape[0]), left, min(left + 30, shape[1])
        while pages.block(*region) is None:
            source.answer_all()
        assert np.array_equal(pages.block(*region), value[region[0] : region[1], region[2] : region[3]])


def test_figures_and_histogram_of_parts_are_those_of_the_whole(qtbot: QtBot) -> None:
    value = numbers()
    source = Slow(value)
    told: list[tuple[Counted, float]] = []
    counting = Counting(source, -1.0, 1.0, "figures").start()
    counting.changed.connect(lambda counted, share: told.append((counted, share)))
    source.answer_all()
    counted, share = told[-1]
    assert share == 1
    assert counted.figures.nans == 1
    assert counted.below == np.count_nonzero(value < -1)
    assert counted.figures.mean == pytest.approx(np.nanmean(value.astype(float)))
    spreading = Spreading(source, "abs", -4.0, 4.0, 16).start()
    source.answer_all()
    assert spreading.counts.tolist() == np.histogram(value[np.isfinite(value)], 16, (-4, 4))[0].tolist()


def test_a_pass_that_is_cancelled_asks_no_more(qtbot: QtBot) -> None:
    source = Slow(numbers())
    counting = Counting(source, 0.0, 1.0, "figures").start()
    source.answer_one()
    counting.cancel()
    source.answer_all()
    assert len(source.put) == 2


@pytest.mark.parametrize(("start", "expected"), [(0, (321, 654)), (321 * 900 + 655, (321, 654)), (321 * 900 + 654, (321, 654))])
def test_the_search_goes_round_the_end(qtbot: QtBot, start: int, expected: tuple[int, int]) -> None:
    for source in (ArraySource(numbers()), Slow(numbers())):
        found: list[object] = []
        search = Search(source, start)
        search.found.connect(found.append)
        search.begin()
        if isinstance(source, Slow):
            source.answer_all()
        assert found == [expected]


def test_the_search_for_nothing_ends(qtbot: QtBot) -> None:
    found: list[object] = []
    search = Search(ArraySource(np.zeros((500, 2000))), 700)
    search.found.connect(found.append)
    search.begin()
    assert found == [None]


def test_two_values_are_compared_wherever_they_are(qtbot: QtBot) -> None:
    a, b = numbers(), numbers()
    b[599, 899] += 3
    b[10, 20] *= 5
    b[7, 7] = np.inf
    expected = np.abs(a.astype(float) - b.astype(float))
    slow = Slow(a), Slow(b)
    comparison = Comparison(*slow).start()
    told: list[tuple[Compared, float]] = []
    comparison.changed.connect(lambda compared, share: told.append((compared, share)))
    while slow[0].under_way or slow[1].under_way:
        slow[0].answer_all()
        slow[1].answer_all()
    compared, share = told[-1]
    assert share == 1
    assert (compared.count, compared.differing, compared.broken, compared.broken_at) == (540_000, 3, 1, (7, 7))
    finite = np.where(np.isfinite(expected), expected, 0)
    assert compared.largest == finite.max()
    assert compared.largest_at == np.unravel_index(finite.argmax(), SHAPE)
    assert compared.relative == pytest.approx(0.8, rel=1e-5) or compared.relative_at == (599, 899)


def test_equal_values_have_no_difference_and_nan_equals_nan(qtbot: QtBot) -> None:
    comparison = Comparison(ArraySource(numbers()), ArraySource(numbers())).start()
    assert (comparison.compared.differing, comparison.compared.largest_at) == (0, None)
