"""A name of the user's stands on what it was given to and on nothing else, and is kept with the notes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import gradstep.engine as gs
from gradstep.engine.tape.graph import backward_graph, forward_graph
from gradstep.engine.tape.log import Writer
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.recorder import Recorder, recording
from gradstep.gui.models.graph_search import GraphSearch
from gradstep.gui.models.named import LONGEST, Given, Named, both, name_graph, own_name, owner
from gradstep.gui.models.notes import NotesTable
from gradstep.plugins.exporters import dot
from gradstep.plugins.exporters.facts import plain


@pytest.fixture
def tape(tmp_path: Path) -> Tape:
    """Two passes through a module with two ops."""

    class Block(gs.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = gs.nn.Parameter(gs.ones(3))

        def forward(self, x: gs.Tensor) -> gs.Tensor:
            return (x * self.weight).exp()

    class Net(gs.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.block = Block()

        def forward(self, x: gs.Tensor) -> gs.Tensor:
            return self.block(x).sum()

    path = tmp_path / "run.gst"
    recorder = Recorder(Writer(path))
    with recording(recorder):
        net = Net()
        for _ in range(2):
            net(gs.ones(3)).backward()
    recorder.close()
    return Tape.open(path)


def node(tape: Tape, name: str) -> int:
    return next(id for id, noun in tape.nodes.items() if noun.name == name)


def test_a_name_holds_while_the_same_thing_stands_there(tape: Tape) -> None:
    key = ("node", node(tape, "ExpBackward0"))
    assert own_name(tape, key) == "ExpBackward0"
    assert Given(tape, [Named(key, "grow", "ExpBackward0")])(key) == "grow"
    assert Given(tape, [Named(key, "grow", "MulBackward0")])(key) == ""
    assert Given(tape, [Named(("node", 9999), "grow", "ExpBackward0")])(("node", 9999)) == ""
    assert own_name(tape, ("op", 9999)) is own_name(tape, ("leaf", 9999)) is own_name(tape, ("group", ("loop", 3))) is None


def test_an_accumulate_grad_stands_for_its_parameter(tape: Tape) -> None:
    accumulate = next(id for id, noun in tape.nodes.items() if noun.variable is not None)
    leaf = owner(tape, ("node", accumulate))
    assert leaf == ("leaf", tape.nodes[accumulate].variable)
    given = Given(tape, [Named(leaf, "W", "block.weight")])
    assert given.of_node(("node", accumulate)) == "W"
    assert owner(tape, ("op", 1)) == ("op", 1)


def test_a_module_has_its_name_in_each_pass(tape: Tape) -> None:
    calls = [id for id, call in tape.calls.items() if call.path == "block"]
    assert len(calls) == 2
    module = owner(tape, ("group", calls[0]))
    assert module == owner(tape, ("group", calls[1])) == ("module", "block Block")
    given = Given(tape, [Named(module, "gate", "block Block")])
    assert [given(("group", call)) for call in calls] == ["gate", "gate"]


def test_a_group_that_is_no_module_keeps_its_name_while_it_has_its_title(tape: Tape) -> None:
    given = Given(tape, [Named(("group", ("loop", 7)), "steps", "mul, add")])
    assert given(("group", ("loop", 7)), "mul, add") == "steps"
    assert given(("group", ("loop", 7)), "exp") == ""


def test_names_are_found_and_exported_with_the_own_ones_beside_them(tape: Tape) -> None:
    key = ("node", node(tape, "ExpBackward0"))
    accumulate = next(id for id, noun in tape.nodes.items() if noun.variable is not None)
    names = [
        Named(key, 'gr"ow', "ExpBackward0"), Named(owner(tape, ("node", accumulate)), "W", "block.weight"),
        Named(("module", "block Block"), "gate", "block Block"),
    ]  # fmt: skip
    graph = name_graph(Given(tape, names), backward_graph(tape))
    assert graph.nodes[key]["given"] == 'gr"ow'
    assert graph.nodes[key]["label"] == "Exp"
    search = GraphSearch()
    for one, data in graph.nodes(data=True):
        search.add(one, data)
    assert search.find('gr"ow').keys == search.find("ow exp").keys == (key,)
    text = dot.text(graph)
    assert 'label="gr\\"ow\\nExp' in text
    assert 'label="gate (block)"' in text
    facts = plain(graph).nodes
    assert facts[f"node{key[1]}"]["given"] == 'gr"ow'
    assert facts[f"node{accumulate}"]["given"] == "W"
    assert facts[f"node{key[1]}"]["calls"].endswith(" > gate (block)")
    plainly = plain(forward_graph(tape))
    assert {data["given"] for _, data in plainly.nodes(data=True)} == {""}


@pytest.mark.parametrize(
    ("words", "own", "shown"), [("gate", "mul", "gate (mul)"), ("", "mul", "mul"), ("mul", "mul", "mul"), ("gate", "", "gate")]
)
def test_both_names(words: str, own: str, shown: str) -> None:
    assert both(words, own) == shown


def test_names_are_kept_with_the_notes_and_survive_being_read_back(tmp_path: Path) -> None:
    file = tmp_path / "notes.json"
    names = (
        Named(("node", 3), "a", "ExpBackward0"), Named(("group", ("part", 50, 7)), "b", "mul 1 to 50"),
        Named(("module", "block Block"), "c", "block Block"),
    )  # fmt: skip
    table = NotesTable(file)
    table.write_text("text")
    table.put_names(names)
    again = NotesTable(file)
    assert (again.names, again.text, again.problem) == (names, "text", "")


def test_notes_from_before_there_were_names_are_read_and_long_names_are_cut(tmp_path: Path) -> None:
    file = tmp_path / "notes.json"
    file.write_text(json.dumps({"version": 1, "text": "old", "bookmarks": []}))
    assert (NotesTable(file).names, NotesTable(file).text) == ((), "old")
    file.write_text(
        json.dumps({"text": "", "bookmarks": [], "names": [{"kind": "node", "of": 1, "words": "w" * 1000, "was": "ExpBackward0"}]})
    )
    assert len(NotesTable(file).names[0].words) == LONGEST


@pytest.mark.parametrize("broken", [{"kind": "node"}, {"kind": "node", "of": None, "words": "a", "was": "b"}, 3])
def test_damaged_names_are_said_and_put_aside(tmp_path: Path, broken: object) -> None:
    file = tmp_path / "notes.json"
    file.write_text(json.dumps({"text": "", "bookmarks": [], "names": [broken]}))
    assert "cannot be read as notes" in NotesTable(file).problem
