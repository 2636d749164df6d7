"""``gradstep plugins`` and ``gradstep export``, and what other commands do with plug-ins."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import networkx as nx
import pytest

import gradstep.engine as gs
from gradstep.engine.cli.main import main
from gradstep.engine.tape.log import Writer
from gradstep.engine.tape.recorder import Recorder, recording

from ...strangers import install

SOURCE = """
from gradstep.engine.explain.finding import Finding, Kind, Severity

def look(tape):
    return [Finding(Kind.NAN, "many-ops", Severity.NOTE, "Many ops", f"There are {len(tape.ops)} ops.", "Use fewer.")]

def broken(tape):
    raise RuntimeError("out of order")

def command(words):
    print("hello", *words)
    return 5
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    install(
        tmp_path, SOURCE,
        {
            "gradstep.explanations": {"many": "my_package:look", "bad": "my_package:broken"},
            "gradstep.commands": {"greet": "my_package:command"},
        },
    )  # fmt: skip
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "my_package", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return "my-package"


@pytest.fixture
def tape(tmp_path: Path) -> str:
    path = str(tmp_path / "run.gst")
    recorder = Recorder(Writer(path))
    model = gs.nn.Sequential(gs.nn.Linear(3, 4), gs.nn.ReLU())
    with recording(recorder):
        model(gs.ones(2, 3)).sum().backward()
    recorder.close()
    return path


def test_a_package_is_listed_switched_on_and_off(package: str, capsys: pytest.CaptureFixture[str]) -> None:
    def states() -> dict[str, bool]:
        capsys.readouterr()
        assert main(["plugins", "--json"]) == 0
        return {feature["id"]: feature["on"] for feature in json.loads(capsys.readouterr().out)["features"]}

    assert states()["my-package/explanations/many"] is False
    assert states()["gradstep/exporters/dot"] is True
    assert main(["plugins", "on", package]) == 0
    assert states()["my-package/explanations/many"] is True
    assert main(["plugins", "off", "my-package/explanations/many"]) == 0
    assert states()["my-package/explanations/many"] is False
    assert states()["my-package/explanations/bad"] is True
    assert main(["plugins"]) == 0
    assert "switched off" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["on"], ["on", "nobody"], ["off", "gradstep"]])
def test_what_cannot_be_switched_is_a_usage_error(package: str, words: list[str]) -> None:
    assert main(["plugins", *words]) == 2


def test_a_command_of_a_plug_in_runs_only_when_it_is_on(package: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["greet", "you"]) == 77
    assert "gradstep plugins on my-package" in capsys.readouterr().err
    main(["plugins", "on", package])
    capsys.readouterr()
    assert main(["greet", "you"]) == 5
    assert capsys.readouterr().out == "hello you\n"


def test_explanations_of_plug_ins_stand_among_ours_and_a_broken_one_is_told_of(
    package: str, tape: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", tape]) == 0
    assert "Many ops" not in capsys.readouterr().out
    main(["plugins", "on", package])
    capsys.readouterr()
    assert main(["explain", tape]) == 0
    shown = capsys.readouterr()
    assert "note: Many ops  [plugin.many-ops]" in shown.out
    assert "the explanation bad of my-package failed: RuntimeError: out of order" in shown.err


@pytest.mark.parametrize("what", ["backward", "forward", "both"])
def test_a_graph_is_exported_as_graphml_and_json(tape: str, tmp_path: Path, what: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", tape, "--what", what, "--to", str(tmp_path / "g.graphml")]) == 0
    assert main(["export", tape, "--what", what, "--to", str(tmp_path / "g.json")]) == 0
    read = nx.read_graphml(tmp_path / "g.graphml")
    again = nx.node_link_graph(json.loads((tmp_path / "g.json").read_text()), edges="edges")
    assert set(read) == set(again)
    assert set(read.edges) == set(again.edges)
    assert f"{len(read)} nodes" in capsys.readouterr().out
    assert any(data["kind"] == ("op" if what == "forward" else "function") for _, data in read.nodes(data=True))
    assert ElementTree.parse(tmp_path / "g.graphml").getroot().tag.endswith("graphml")


def test_dot_has_a_cluster_for_each_module_call(tape: str, tmp_path: Path) -> None:
    assert main(["export", tape, "--what", "forward", "--to", str(tmp_path / "g.dot")]) == 0
    text = (tmp_path / "g.dot").read_text()
    assert text.count("subgraph cluster_") == 3
    assert text.count("{") == text.count("}")
    assert 'label="addmm' in text


def test_an_export_that_cannot_be_says_what_there_is(tape: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", tape, "--to", str(tmp_path / "g.bmp")]) == 2
    assert "there are dot, graphml, json, pdf, png, svg" in capsys.readouterr().err
    assert main(["export", tape, "--to", str(tmp_path / "nowhere" / "g.dot")]) == 73
    assert main(["export", tape, "--run", "9", "--to", str(tmp_path / "g.dot")]) == 2
    assert not (tmp_path / "g.dot").exists()


@pytest.mark.parametrize(("suffix", "beginning"), [("svg", b"<?xml"), ("pdf", b"%PDF"), ("png", b"\x89PNG")])
def test_the_graph_is_drawn_without_a_window(tape: str, tmp_path: Path, suffix: str, beginning: bytes) -> None:
    file = tmp_path / f"g.{suffix}"
    done = subprocess.run(
        [sys.executable, "-m", "gradstep", "export", tape, "--to", str(file)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert file.read_bytes().startswith(beginning)
    assert suffix != "svg" or "Addmm" in file.read_text(encoding="utf-8")
