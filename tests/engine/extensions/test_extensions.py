"""Plug-ins: their metadata is read without running them, they are off until switched on, and a failing one is switched off."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gradstep.engine.extensions.catalogue import Feature, features
from gradstep.engine.extensions.guard import LIMIT, Failure, Guard, PluginError
from gradstep.engine.extensions.switches import CRASHES, Switches

from ...strangers import install as lay_down

LAYOUT = "gradstep.layouts"
SOURCE = "raise AssertionError('it was imported')\n"
GOOD = "def rings(*args):\n    return args\n\ndef broken():\n    raise KeyError('no')\n"
Installed = Callable[..., Feature]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installed:
    """Installs a stranger's package; gives its feature ``rings``."""

    def install(source: str = GOOD, points: dict[str, dict[str, str]] | None = None, name: str = "my-package") -> Feature:
        lay_down(tmp_path, source, points or {LAYOUT: {"rings": "my_package:rings"}}, name=name)
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.delitem(sys.modules, "my_package", raising=False)
        return next(feature for feature in features() if not feature.is_ours)

    return install


@pytest.fixture
def switches(tmp_path: Path) -> Switches:
    return Switches(tmp_path / "config" / "plugins.json", safe=False)


def test_a_manifest_is_read_without_importing_the_package(installed: Installed) -> None:
    feature = installed(SOURCE)
    assert (feature.package, feature.version, feature.name, feature.kind) == ("my-package", "1.2", "rings", "layout")
    assert feature.summary == "What a stranger made"
    assert feature.id == "my-package/layouts/rings"
    assert "my_package" not in sys.modules


def test_ours_are_on_and_a_strangers_is_off_until_it_is_switched_on(installed: Installed, switches: Switches) -> None:
    feature = installed()
    assert all(switches.is_on(ours) for ours in features() if ours.is_ours)
    assert not switches.is_on(feature)
    assert switches.reason(feature) == "off until you switch it on"
    switches.switch_package("my-package", True)
    assert Switches(switches.file, safe=False).is_on(feature)


def test_safe_mode_leaves_strangers_out_and_forgets_nothing(installed: Installed, switches: Switches) -> None:
    feature = installed()
    switches.switch_package("my-package", True)
    safe = Switches(switches.file, safe=True)
    assert not safe.is_on(feature)
    assert safe.reason(feature) == "safe mode"
    assert Switches(switches.file, safe=False).is_on(feature)


def test_a_name_that_we_have_cannot_be_taken(installed: Installed, switches: Switches) -> None:
    feature = installed(points={LAYOUT: {"layered": "my_package:rings"}})
    switches.switch_package("my-package", True)
    assert feature.refused == "gradstep has layout layered already"
    assert not switches.is_on(feature)


def test_another_version_of_the_interface_is_refused(installed: Installed) -> None:
    feature = installed(points={LAYOUT: {"rings": "my_package:rings"}, "gradstep.api": {"v2": "my_package"}})
    assert "v2" in feature.refused


@pytest.mark.parametrize("name", ["../up", "Rings!", "-x"])
def test_a_name_with_odd_characters_is_refused(installed: Installed, name: str) -> None:
    assert "names are of a-z" in installed(points={LAYOUT: {name: "my_package:rings"}}).refused


def test_the_third_failure_switches_a_feature_off_and_says_so(installed: Installed, switches: Switches) -> None:
    feature = installed(points={LAYOUT: {"rings": "my_package:broken"}})
    switches.switch_package("my-package", True)
    told: list[Failure] = []
    guard = Guard(switches, told.append)
    for _ in range(LIMIT):
        with pytest.raises(PluginError, match="KeyError"):
            guard.call(feature)
    assert [failure.off for failure in told] == [False] * (LIMIT - 1) + [True]
    with pytest.raises(PluginError, match="is off: switched off after 3 failures; the last: KeyError"):
        guard.call(feature)
    assert guard.records[feature.id].failures == LIMIT
    again = Switches(switches.file, safe=False)
    assert not again.is_on(feature)
    again.switch_package("my-package", True)  # the user's way to try it again
    assert again.is_on(feature)


def test_what_cannot_be_imported_is_a_failure_of_the_plug_in(installed: Installed, switches: Switches) -> None:
    feature = installed("import no_such_module\n")
    switches.switch_package("my-package", True)
    with pytest.raises(PluginError, match=r"my-package failed: ModuleNotFoundError"):
        Guard(switches).load(feature)


def test_calls_are_timed_and_give_what_the_feature_gives(installed: Installed, switches: Switches) -> None:
    feature = installed()
    switches.switch_package("my-package", True)
    guard = Guard(switches)
    assert guard.call(feature, 1, 2) == (1, 2)
    record = guard.records[feature.id]
    assert record.calls == 2  # loading it, and the call
    assert 0 < record.slowest <= record.seconds


@pytest.mark.parametrize("text", ["", "{", "[]", '{"on": 3, "off": {}}', '{"on": [], "off": []}', "[" * 100_000, "\0\0"])
def test_a_file_that_is_not_ours_is_left_alone_and_nothing_is_on(tmp_path: Path, text: str) -> None:
    file = tmp_path / "plugins.json"
    file.write_text(text, encoding="utf-8")
    switches = Switches(file, safe=False)
    assert not switches.any_strangers
    assert "plugins.json" in switches.problem
    assert file.read_text(encoding="utf-8") == text
    switches.switch_package("my-package", True)
    assert file.with_suffix(".damaged").read_text(encoding="utf-8") == text


def test_a_choice_that_cannot_be_kept_holds_for_now_and_says_so(installed: Installed, tmp_path: Path) -> None:
    feature = installed()
    blocked = tmp_path / "a file"
    blocked.write_text("", encoding="utf-8")
    switches = Switches(blocked / "plugins.json", safe=False)
    switches.switch_package("my-package", True)
    assert switches.is_on(feature)
    assert "holds until gradstep ends" in switches.problem


def test_after_starts_that_did_not_come_up_safe_mode_is_chosen(switches: Switches) -> None:
    switches.switch_package("my-package", True)
    for _ in range(CRASHES):
        assert not Switches(switches.file, safe=False).starting()
    third = Switches(switches.file, safe=False)
    assert third.starting()
    assert third.safe
    third.started()
    assert not Switches(switches.file, safe=False).starting()


def test_a_kill_at_any_moment_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    file = tmp_path / "plugins.json"
    Switches(file, safe=False).switch_package("first", True)
    writer = (
        "import sys\nfrom pathlib import Path\nfrom gradstep.engine.extensions.switches import Switches\n"
        "switches = Switches(Path(sys.argv[1]), safe=False)\nprint('ready', flush=True)\n"
        "while True:\n    for on in (True, False):\n        switches.switch_package('x' * 50_000, on)\n"
    )
    for _ in range(20):
        child = subprocess.Popen([sys.executable, "-c", writer, str(file)], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        child.stdout.readline()
        before = os.stat(file).st_mtime_ns
        while os.stat(file).st_mtime_ns == before:  # it is in the middle of its writing now
            pass
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        assert "first" in json.loads(file.read_text(encoding="utf-8"))["on"]
        assert Switches(file, safe=False).problem == ""
