"""Profiles: which ops ran, how often, inside which block, and when a schedule looks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import gradstep.engine as gs
from gradstep.engine import profiler
from gradstep.engine.autograd.profiler import emit_nvtx, profile, record_function


def counts(prof: Any) -> dict[str, int]:
    return {e.key: e.count for e in prof.key_averages()}


def test_ops_of_forward_and_backward_are_counted() -> None:
    x = gs.ones(2, 2, requires_grad=True)
    with profile() as prof:
        (x @ x).sum().backward()
    found = counts(prof)
    assert found["aten::mm"] == 3
    assert found["aten::sum"] == 1
    (x @ x).sum()
    assert counts(prof) == found
    assert gs.equal(x.grad, gs.full((2, 2), 4.0))


def test_blocks_contain_what_runs_in_them() -> None:
    x = gs.ones(2)
    with profile(record_shapes=True) as prof:
        with record_function("outer"):
            x + 1

        @record_function("named")
        def doubled() -> Any:
            return x * 2

        doubled()
        doubled()
    events = {e.name: e for e in prof.events()}
    assert events["aten::add"].cpu_parent is events["outer"]
    assert events["aten::add"].input_shapes[0] == [2]
    assert events["outer"].cpu_time_total >= events["aten::add"].cpu_time_total
    assert counts(prof)["named"] == 2
    assert prof.self_cpu_time_total == pytest.approx(sum(e.self_cpu_time_total for e in prof.events()))
    assert prof.total_average().count == len(prof.events())


def test_the_table_has_a_line_for_each_name() -> None:
    with profile() as prof:
        gs.ones(2).exp().log()
    text = prof.key_averages().table(sort_by="self_cpu_time_total", row_limit=10)
    assert "Self CPU time total" in text
    assert {"aten::exp", "aten::log"} <= set(text.split())
    assert "aten::log" not in prof.table(row_limit=1)
    with pytest.raises(AttributeError, match="cannot sort by 'luck'"):
        prof.table(sort_by="luck")


def test_a_trace_for_chrome(tmp_path: Path) -> None:
    with profile() as prof:
        gs.ones(2).exp()
    prof.export_chrome_trace(tmp_path / "trace.json")
    assert [e["name"] for e in json.loads((tmp_path / "trace.json").read_text())] == ["aten::exp"]


def test_what_is_off_sees_nothing() -> None:
    with profile(enabled=False) as prof, emit_nvtx():
        gs.ones(2).exp()
    assert prof.events() == []
    with record_function("nobody looks"):
        gs.ones(2).exp()


def test_a_schedule_picks_the_steps(tmp_path: Path) -> None:
    seen: list[dict[str, int]] = []
    plan = profiler.schedule(wait=1, warmup=1, active=2, repeat=1)
    assert [plan(step).name for step in range(5)] == ["NONE", "WARMUP", "RECORD", "RECORD_AND_SAVE", "NONE"]
    with profiler.profile(
        activities=[profiler.ProfilerActivity.CPU], schedule=plan, on_trace_ready=lambda p: seen.append(counts(p))
    ) as prof:
        for _ in range(6):
            gs.ones(2).exp()
            prof.step()
    assert seen == [{"aten::exp": 2}]
    with profiler.profile(on_trace_ready=profiler.tensorboard_trace_handler(str(tmp_path), "me")):
        gs.ones(2).exp()
    assert (tmp_path / "me.0.pt.trace.json").exists()
