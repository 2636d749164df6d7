"""Colours follow the moment: scales grow, names keep their colours, and what is not known stays plain."""

from __future__ import annotations

import math

import pytest
from pytestqt.qtbot import QtBot

from gradstep.engine.tape.schema import Record
from gradstep.gui.graph.colouring import BAD, FIRST, STEPS, ZERO, Colouring, Scale, grouped, tick_text
from gradstep.gui.graph.picture import Shown
from gradstep.gui.models.node_facts import Fact, NodeFacts
from gradstep.gui.theme import DARK, apply

from ..looked import Looked, looked_at, network


def coloured(qtbot: QtBot, fact: Fact, records: list[Record] | None = None, shown: Shown = Shown.BACKWARD) -> tuple[Looked, Colouring]:
    looked = looked_at(qtbot, records or network(), shown)
    colouring = Colouring(looked.canvas, looked.model, looked.graphs)
    looked.graphs.marked.connect(colouring.mark)
    colouring.choose(fact)
    return looked, colouring


def place(looked: Looked, key: tuple[str, int]) -> int:
    dress, scene = looked.canvas.reading.dress, looked.canvas.scene
    assert dress is not None
    assert scene is not None
    return int(dress.place[scene.number[key]])


# ------------------------------------------------------------------------------------------------------------------- scales


def test_a_scale_spans_whole_decades_and_only_grows() -> None:
    scale = Scale(10.0).including([0.03, 2.0])
    assert (scale.low, scale.high) == (-2, 1)
    assert scale.including([0.5]) == scale
    assert (scale.including([2000.0]).low, scale.including([2000.0]).high) == (-2, 4)
    assert scale.ticks() == (0.01, 10)


def test_one_number_has_a_scale_of_one_decade() -> None:
    scale = Scale(10.0).including([1.0])
    assert (scale.low, scale.high) == (0, 1)
    assert scale.place(1.0) == FIRST


def test_larger_numbers_have_later_colours() -> None:
    scale = Scale(10.0).including([1e-3, 10.0])
    places = [scale.place(value) for value in (0.0, 1e-3, 1e-2, 1.0, 10.0, math.inf)]
    assert places == sorted(places)
    assert places[0] == ZERO
    assert places[-2:] == [STEPS, BAD]


def test_nothing_known_makes_no_scale() -> None:
    assert Scale(10.0).including([math.nan, 0.0, math.inf]).ticks() == ()


@pytest.mark.parametrize(
    ("fact", "value", "text"),
    [(Fact.TIME, 1e-5, "10 \N{MICRO SIGN}s"), (Fact.MEMORY, 4096, "4 KiB"), (Fact.NORM, 1e-6, "1e-06"), (Fact.NANS, 10, "10")],
)
def test_ticks_have_their_unit(fact: Fact, value: float, text: str) -> None:
    assert tick_text(fact, value) == text


def test_module_paths_are_cut_where_there_are_too_many() -> None:
    names = {("node", number): f"blocks.{number // 10}.attn.{number}" for number in range(30)}
    assert set(grouped(names, 7).values()) == {"blocks.0.attn", "blocks.1.attn", "blocks.2.attn"}
    assert grouped({("node", 1): "a.b.c"}, 7) == {("node", 1): "a.b.c"}


# ------------------------------------------------------------------------------------------------------------------ numbers


def test_norms_appear_as_the_nodes_run(qtbot: QtBot) -> None:
    looked, _ = coloured(qtbot, Fact.NORM)
    tanh = looked.node("TanhBackward")
    looked.look_at(looked.entered(tanh) - 1)
    assert place(looked, tanh) == -1
    looked.look_at(looked.entered(tanh))
    assert place(looked, tanh) >= FIRST
    looked.look_at(looked.entered(tanh) - 1)
    assert place(looked, tanh) == -1


def test_what_is_coloured_in_steps_equals_what_is_coloured_at_once(qtbot: QtBot) -> None:
    looked, colouring = coloured(qtbot, Fact.RANGE)
    looked.look_at(0)
    for position in range(looked.model.last + 1):
        looked.look_at(position)
    stepped = dict(colouring._values)
    colouring.show_all()
    assert {key: value for key, value in stepped.items() if value == value} == {
        key: value for key, value in colouring._values.items() if value == value
    }


def test_the_legend_says_what_a_plain_node_means(qtbot: QtBot) -> None:
    looked, _ = coloured(qtbot, Fact.NORM)
    looked.look_at(looked.entered(looked.node("TanhBackward")))
    legend = looked.canvas.reading.legend
    assert legend is not None
    assert legend.title == "Gradient norm"
    assert legend.plain == "no gradient yet"
    assert len(legend.ticks) >= 2


def test_nan_counts_tell_zero_from_many(qtbot: QtBot) -> None:
    looked, _ = coloured(qtbot, Fact.NANS, network(poison=True), Shown.BOTH)
    assert place(looked, looked.op("tanh")) >= FIRST
    assert place(looked, looked.leaf(next(t.name for t in looked.tape.tensors.values() if t.name))) in (ZERO, -1)


def test_freed_memory_is_nothing(qtbot: QtBot) -> None:
    looked, _ = coloured(qtbot, Fact.MEMORY)
    tanh = looked.node("TanhBackward")
    assert place(looked, tanh) == ZERO
    looked.look_at(looked.entered(tanh))
    assert place(looked, tanh) >= FIRST


# -------------------------------------------------------------------------------------------------------------------- names


def test_modules_have_chips_with_counts(qtbot: QtBot) -> None:
    looked, _ = coloured(qtbot, Fact.MODULE)
    legend = looked.canvas.reading.legend
    assert legend is not None
    assert {chip.text for chip in legend.chips} >= {"0", "1", "2"}
    assert legend.plain == "in no module"
    first = looked.node("AddmmBackward")
    second = looked.node("AddmmBackward", 1)
    assert place(looked, first) != place(looked, second)


def test_a_device_is_one_chip(qtbot: QtBot) -> None:
    looked, _ = coloured(qtbot, Fact.DEVICE)
    legend = looked.canvas.reading.legend
    assert legend is not None
    assert [(chip.text, chip.count) for chip in legend.chips] == [("cpu", len(looked.canvas.graph))]


def test_by_kind_there_is_no_legend(qtbot: QtBot) -> None:
    looked, colouring = coloured(qtbot, Fact.NORM)
    colouring.choose(Fact.KIND)
    assert looked.canvas.reading.legend is None


def test_another_theme_has_its_own_colours(qtbot: QtBot, qapp: object) -> None:
    looked, colouring = coloured(qtbot, Fact.NORM)
    dress = looked.canvas.reading.dress
    assert dress is not None
    before = dress.palette
    apply(qapp, DARK)  # type: ignore[arg-type]
    colouring.restyle()
    assert dress.palette != before


def test_another_picture_of_the_same_moment_is_not_worked_out_again(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    looked, colouring = coloured(qtbot, Fact.NORM)
    asked: list[object] = []
    number_of = NodeFacts.number_of
    monkeypatch.setattr(NodeFacts, "number_of", lambda facts, fact: asked.append(fact) or number_of(facts, fact))
    before = dict(colouring._values)
    colouring.show_all()
    assert asked == []
    assert colouring._values == before or all(before[key] == value for key, value in colouring._values.items() if value == value)
    looked.look_at(looked.entered(looked.node("TanhBackward")))
    colouring.show_all()
    assert asked


def test_a_large_graph_says_how_far_it_is_and_can_be_given_up(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradstep.gui.graph.colouring.BUDGET", 0.0)
    looked = looked_at(qtbot, network(), Shown.BOTH)
    colouring = Colouring(looked.canvas, looked.model, looked.graphs)
    told: list[tuple[int, int]] = []
    colouring.working.connect(lambda done, of: told.append((done, of)))
    colouring.choose(Fact.NORM)
    assert told == [(16, len(looked.canvas.reading.all_keys()))]
    colouring.choose(Fact.KIND)
    assert told[-1] == (0, 0)
    assert not colouring.is_busy
    assert looked.canvas.reading.legend is None


def test_a_large_graph_is_coloured_in_pieces(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradstep.gui.graph.colouring.BUDGET", 0.0)
    looked, colouring = coloured(qtbot, Fact.NORM, shown=Shown.BOTH)
    assert colouring.is_busy
    qtbot.waitUntil(lambda: not colouring.is_busy)
    assert place(looked, looked.node("TanhBackward")) >= FIRST


def test_edges_and_nodes_that_are_coloured_by_the_norm_share_a_scale(qtbot: QtBot) -> None:
    looked, colouring = coloured(qtbot, Fact.NORM)
    looked.look_at(looked.entered(looked.node("TanhBackward")))
    dress, marks = looked.canvas.reading.dress, looked.canvas._marks
    assert dress is not None
    assert dress.norms is not None
    assert (dress.norms.low, dress.norms.high) == (colouring._scale.low, colouring._scale.high)
    assert looked.canvas._painter_at_scale().norms == dress.norms
    colouring.choose(Fact.KIND)
    assert marks is not None
    assert looked.canvas._painter_at_scale().norms == marks.scale
