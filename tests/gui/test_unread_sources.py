"""The sources of the window's modules are not kept in memory."""

import json
import linecache
import subprocess
import sys
import types

from PySide6 import QtCore

from gradstep.gui import unread_sources
from gradstep.gui.unread_sources import names_pyside


def test_a_process_that_imports_the_window_keeps_the_source_of_few_modules():
    script = (
        "import sys, json, linecache; import gradstep.gui.app; before = set(linecache.cache); import gradstep.gui.main_window;"
        " print(json.dumps([len(sys.modules), len(set(linecache.cache) - before)]))"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    modules, kept = json.loads(ran.stdout)
    assert modules > 500
    assert kept < 10


def test_a_module_is_said_to_use_pyside_where_its_source_names_it():
    assert names_pyside(sys.modules[__name__])
    assert not names_pyside(linecache)


def test_a_module_without_a_source_uses_none(tmp_path):
    gone = types.ModuleType("gone")
    gone.__file__ = str(tmp_path / "gone.py")
    assert not names_pyside(gone)
    assert not names_pyside(types.ModuleType("made"))
    assert not names_pyside(QtCore)  # compiled


def test_a_pyside_that_asks_in_another_way_is_left_alone(monkeypatch):
    other = types.ModuleType("shibokensupport.feature")
    monkeypatch.setitem(sys.modules, "shibokensupport.feature", other)
    unread_sources.forget_sources()
    assert not hasattr(other, "_mod_uses_pyside")
