"""Another engine than ours under the debugger: how it is found, and what is said where it is not."""

from __future__ import annotations

import sys

from gradstep.engine.debug import targets
from gradstep.engine.debug.states import State
from gradstep.engine.extensions.switches import Switches

from ...strangers import install


def test_ours_is_first():
    assert targets.engines()[0] == "gradstep"
    assert targets.target_of("gradstep") == ("", ())


def test_a_strangers_target_is_there_when_its_plug_in_is_on_with_the_folder_that_it_is_found_in(monkeypatch, tmp_path):
    install(tmp_path, "class Target: ...\n", {targets.GROUP: {"rings": "my_package:Target"}})
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "my_package", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    assert "rings" not in targets.engines()
    assert targets.target_of("rings") == ("", ())
    Switches().switch_package("my-package", True)
    assert "rings" in targets.engines()
    assert targets.target_of("rings") == ("my_package:Target", (str(tmp_path),))


def test_an_engine_that_nobody_names_is_refused_in_words(start):
    session = start("print('never')", engine="jax")
    outcome = session.wait_until_ended()
    assert outcome.how is State.FAILED
    assert "no engine is called 'jax'" in outcome.reason


def test_a_target_that_cannot_be_loaded_is_refused_in_words(start):
    session = start("print('never')", engine="rings", target="no_such_module:Target")
    outcome = session.wait_until_ended()
    assert outcome.how is State.FAILED
    assert "no_such_module" in outcome.reason


def test_a_target_of_a_stranger_runs_the_script(start, tmp_path):
    (tmp_path / "stranger.py").write_text(
        "from gradstep.engine.debug.ours import OwnEngine\n"
        "class Stranger(OwnEngine):\n"
        "    def versions(self):\n"
        "        return {'stranger': '7'}\n"
    )
    session = start(
        "import gradstep.engine as torch\nx = torch.ones(2, requires_grad=True)\n(x * x).sum().backward()\n",
        engine="strange", target="stranger:Stranger", paths=(str(tmp_path),), stop_on_entry=True,
    )  # fmt: skip
    session.wait_for(State.PAUSED)
    assert session.stop.name == "SumBackward0"
    session.send("continue")
    assert session.wait_until_ended().exit_code == 0
