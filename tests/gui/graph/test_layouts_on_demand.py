import pickle
import threading
from functools import cache

import networkx as nx
import pytest

from gradstep.gui.files.settings import throwaway
from gradstep.gui.graph import layouts
from gradstep.gui.main_window import MainWindow
from gradstep.gui.models import debug_model
from gradstep.gui.theme import Appearance


def test_the_default_layout_is_loaded_when_it_arranges_and_beside_the_window_when_it_is_announced(monkeypatch):
    calls = Loading()
    monkeypatch.setattr(layouts, "_default", cache(calls))
    on_demand = layouts.OnDemand()
    assert not calls.threads
    on_demand.prepare()
    on_demand.prepare()
    on_demand.close()
    assert len(calls.threads) == 1
    assert calls.threads[0] is not threading.current_thread()
    sizes = {"a": (10.0, 10.0), "b": (10.0, 10.0)}
    assert on_demand(nx.DiGraph([("a", "b")]), sizes).positions.keys() == sizes.keys()


def test_another_process_is_sent_no_layout_but_the_wish_for_it():
    sent = pickle.dumps(layouts.OnDemand())
    assert b"plugins" not in sent
    assert pickle.loads(sent) == layouts.OnDemand()


@pytest.mark.parametrize(("limit", "loads"), [(0, False), (1 << 20, True)])
def test_a_window_that_is_begun_on_a_large_tape_loads_no_layout(qtbot, qapp, tmp_path, monkeypatch, limit, loads):
    monkeypatch.setattr(debug_model, "LARGE", limit)
    monkeypatch.setattr(layouts, "_default", cache(layouts.layout))
    tape = tmp_path / "run.gst"
    tape.write_bytes(b"large enough")
    window = MainWindow(Appearance.of(qapp), throwaway(), str(tape))
    qtbot.addWidget(window)
    assert window.graphs.layout.is_loaded is loads
    window.close()


class Loading:
    def __init__(self):
        self.threads = []

    def __call__(self):
        self.threads.append(threading.current_thread())
        return layouts.layout()
