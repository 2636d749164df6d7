"""A tape's backward run again without the script: what is computed comes out bit by bit as it was; nothing on a tape is executed."""

from __future__ import annotations

import importlib.util
import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy
import pytest

import gradstep.engine as gs
from gradstep.engine.cli.main import main
from gradstep.engine.debug.literals import CAP, Unreadable, literal
from gradstep.engine.debug.replay import Outcome, Replay, Unplayable, replayed
from gradstep.engine.tape.log import Writer
from gradstep.engine.tape.reader import Tape, TapeError
from gradstep.engine.tape.recorder import Level, ListSink, Recorder, recording
from gradstep.engine.tape.schema import GradAdded, Node, NodeExit, Op, Payload, Record

PROGRAMS = sorted((Path(__file__).parent / "programs").glob("*.py"))
MODELS = sorted((Path(__file__).parents[2] / "parity" / "models").glob("[a-z]*.py"))
WHOLLY = {"custom", "every_hook", "hooks"}  # the programs of which something has to be taken from the tape


def record(script: Path, tape: Path, *words: str) -> None:
    """Record a script in a process of its own."""
    command = [sys.executable, "-m", "gradstep", "record", "-o", str(tape), str(script), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr


def verified(tape: Path, folder: Path) -> tuple[int, Any]:
    """What ``gradstep replay --verify`` says in another process, in an empty folder."""
    folder.mkdir()
    command = [sys.executable, "-m", "gradstep", "replay", "--verify", "--json", str(tape)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False, cwd=folder)
    assert not list(folder.iterdir())
    return done.returncode, json.loads(done.stdout)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.stem)
def test_a_recorded_program_is_replayed_bit_by_bit_without_the_script(program: Path, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(program.read_text(encoding="utf-8"), encoding="utf-8")
    record(script, tmp_path / "t.gst")
    script.unlink()
    code, told = verified(tmp_path / "t.gst", tmp_path / "elsewhere")
    assert code == 0, told
    assert told["equal"]
    assert told["runs"]
    for run in told["runs"]:
        assert run["bit_equal"] + run["taken_from_tape"] == run["nodes"] - bool(run["ended"]), run
        assert not run["taken_from_tape"] or program.stem in WHOLLY, run
    assert sum(run["bit_equal"] for run in told["runs"]) >= 6


# ---------------------------------------------------------------------------------------------------------- in this process


def records_of(program: Any, level: Level = Level.VALUES, budget: int = 1 << 28) -> list[Record]:
    sink = ListSink()
    gs.manual_seed(0)
    with recording(Recorder(sink, level, budget)):
        program()
    return list(sink.records)


def small() -> None:
    x = gs.randn(3, 4, requires_grad=True)
    w = gs.randn(4, 2, requires_grad=True)
    ((x @ w).tanh() * (x @ w)).sum().backward()


class Track:
    """Takes what a model of the parity tests tells, and keeps nothing."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_: []


@pytest.mark.parametrize("model", MODELS, ids=lambda p: p.stem)
def test_a_model_is_replayed_bit_by_bit(model: Path) -> None:
    spec = importlib.util.spec_from_file_location(model.stem, model)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    outcomes = replayed(Tape.of(records_of(lambda: module.run(gs, Track(), steps=1))))
    for outcome in outcomes:
        assert outcome.same, outcome.differences[:1]
        assert len(outcome.equal) == outcome.nodes > 10, outcome.reasons()


def only(outcomes: list[Outcome]) -> Outcome:
    (outcome,) = outcomes
    return outcome


def test_a_replay_is_stepped_forward_and_back_like_a_live_walk() -> None:
    tape = Tape.of(records_of(small))
    (run,) = tape.runs
    replay = Replay(tape, run)
    replay.walk.rewindable = True
    choose = random.Random(0)
    seen: dict[int, Any] = {}
    for _ in range(60):
        if choose.random() < 0.6:
            replay.step()
        else:
            replay.step_back()
        state = [(n.id, [None if g is None else g._data.tobytes() for g in replay.walk.pending(n)]) for n in replay.walk.ready]
        assert seen.setdefault(replay.walk.taken, state) == state
    outcome = replay.run()
    assert outcome.same
    assert len(outcome.equal) == outcome.nodes == len(set(outcome.equal))


def test_a_gradient_that_is_other_bits_on_the_tape_is_named() -> None:
    records = records_of(small)
    exits = [r for r in records if isinstance(r, NodeExit) and r.grads and r.grads[0] is not None]
    wrong = exits[2].grads[0]
    for place, one in enumerate(records):
        if isinstance(one, Payload) and one.val == wrong:
            values = numpy.frombuffer(one.data, "<f4").copy()
            values[1] += 1
            records[place] = Payload(one.val, one.dtype, one.shape, values.tobytes())
    outcome = only(replayed(Tape.of(records)))
    assert not outcome.same
    assert outcome.differences[0].node == exits[2].node
    assert "on the tape" in outcome.differences[0].text


def test_an_op_of_an_unknown_version_is_taken_from_the_tape() -> None:
    records = [
        Op(r.id, "tanh_of_tomorrow", r.ins, r.outs, r.grads, r.stack) if isinstance(r, Op) and r.name == "tanh" else r
        for r in records_of(small)
    ]
    outcome = only(replayed(Tape.of(records)))
    assert outcome.same
    assert list(outcome.taken.values()) == ["op tanh_of_tomorrow is not one of this engine's"]
    assert len(outcome.equal) == outcome.nodes - 1


def test_what_was_dropped_over_the_budget_is_said_and_the_rest_compared() -> None:
    outcome = only(replayed(Tape.of(records_of(small, budget=150))))
    assert outcome.same
    assert outcome.unknown
    assert len(outcome.equal) + len(outcome.alike) + len(outcome.taken) + len(outcome.unknown) == outcome.nodes
    bare = only(replayed(Tape.of(records_of(small, Level.STATISTICS))))
    assert set(bare.unknown.values()) == {"the gradient that the pass began with was not kept: record with --level values"}


def test_values_that_were_not_kept_are_compared_by_their_statistics() -> None:
    kept = records_of(small)
    backward = next(place for place, r in enumerate(kept) if isinstance(r, GradAdded))
    later = {r.val for r in kept[backward:] if isinstance(r, Payload)}
    seeds = {r.val for r in kept if isinstance(r, GradAdded) and r.src is None}
    vals = {val for r in kept if isinstance(r, NodeExit) for val in r.grads}
    thinned = [r for r in kept if not (isinstance(r, Payload) and r.val in vals - seeds)]
    outcome = only(replayed(Tape.of(thinned)))
    assert later
    assert outcome.same
    assert outcome.alike
    assert not outcome.unknown


def test_an_edit_and_steps_back_on_the_tape_are_followed() -> None:
    def program() -> None:
        from gradstep.engine.autograd.walk import Walk

        x = gs.randn(3, requires_grad=True)
        y = x.exp() * x
        walk = Walk([y._gradient_edge()], [gs.ones(3)])
        walk.rewindable = True
        walk.step()
        walk.step()
        walk.step_back()
        (node, *_) = walk.ready
        walk.set_pending(node, 0, gs.full((3,), 7.0))
        walk.run_to_end()

    outcome = only(replayed(Tape.of(records_of(program))))
    assert outcome.same
    assert outcome.hooks == 1
    assert len(outcome.equal) == outcome.nodes


def test_the_command_returns_what_it_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(tmp_path / "t.gst")
    recorder = Recorder(Writer(path))
    with recording(recorder):
        small()
    recorder.close()
    assert main(["replay", path]) == 0
    assert "TanhBackward0" in capsys.readouterr().out
    assert main(["replay", path, "--verify", "--run", "99999999"]) == 2
    assert main(["replay", str(tmp_path / "none.gst")]) == 66
    (tmp_path / "bad.gst").write_bytes(b"nothing")
    assert main(["replay", str(tmp_path / "bad.gst")]) == 65
    data = Path(path).read_bytes()
    (tmp_path / "cut.gst").write_bytes(data[:-200] + b"\0" * 50)
    assert main(["replay", str(tmp_path / "cut.gst"), "--verify"]) == 65


# ------------------------------------------------------------------------------------------------------- files of strangers


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3), ("-2.5", -2.5), ("True", True), ("None", None), ("'sum'", "sum"), ("(1, (2, None))", (1, (2, None))),
        ("[1, -1]", [1, -1]),
        ("(1+2j)", 1 + 2j), ("inf", float("inf")), ("-inf", -float("inf")), ("torch.float64", gs.float64), ("torch.Size([2, 3])", (2, 3)),
        ("device(type='cpu')", gs.device("cpu")), ("torch.channels_last", gs.channels_last),
    ],
)  # fmt: skip
def test_literals_are_read_back(text: str, value: Any) -> None:
    assert literal(text) == value


@pytest.mark.parametrize(
    "text",
    ["__import__('os')", "os.system('x')", "torch.load", "torch.nn", "().__class__", "1 + 1", "2**99", "9" * 40, "[x for x in y]",
     "lambda: 0", "f'{1}'", "b'x'", "...", "{1}", "device(type='cuda')", "(" * 300, "1," * CAP,
     "torch.Size(1)", "-'a'", "\0", "torch.float64()", "getattr"],
)  # fmt: skip
def test_what_is_no_literal_is_refused(text: str) -> None:
    with pytest.raises((Unreadable, TypeError)):
        literal(text)


def mutated(records: list[Record], choose: random.Random) -> list[Record]:
    """The facts of a tape with some that say something else."""
    records = list(records)
    texts = [
        "(1000000000, 1000000000)",
        "99999999999999",
        "-7",
        "'x'",
        "[]",
        "__import__('os').system('touch pwned')",
        "None",
        "nan",
        "(0, 0, 0)",
    ]
    for _ in range(choose.randrange(1, 4)):
        place = choose.choice([i for i, r in enumerate(records) if isinstance(r, (Op, Node, Payload))])
        one = records[place]
        if isinstance(one, Op):
            way = choose.randrange(3)
            other = choose.choice([r for r in records if isinstance(r, Op)])
            if way == 0:
                records[place] = Op(one.id, other.name, one.ins, one.outs, one.grads, one.stack, params=other.params)
            elif way == 1:
                params = tuple((name, choose.choice(texts)) for name, _ in one.params)
                records[place] = Op(one.id, one.name, one.ins, one.outs, one.grads, one.stack, params=params)
            else:
                ins = list(one.ins)
                choose.shuffle(ins)
                records[place] = Op(
                    one.id, one.name, tuple(ins[: choose.randrange(len(ins) + 1)]), one.outs, one.grads, one.stack, params=one.params
                )
        elif isinstance(one, Node):
            following = list(one.next)
            choose.shuffle(following)
            metas = tuple(
                None if m is None else m._replace(shape=choose.choice([m.shape, (), (1 << 40,), (3, 1 << 33), m.shape[::-1]]))
                for m in one.ins
            )
            records[place] = Node(
                one.id, one.kind, one.name, one.sequence, choose.choice([one.ins, metas]), tuple(following), one.op, one.saved, one.variable
            )
        elif isinstance(one, Payload):
            data = bytearray(one.data)
            if data:
                data[choose.randrange(len(data))] ^= 1 << choose.randrange(8)
            shape = choose.choice([one.shape, one.shape[::-1], (*one.shape, 1)])
            strides = choose.choice([(), tuple(1 << 40 for _ in shape), tuple(0 for _ in shape), tuple(reversed(range(len(shape))))])
            records[place] = Payload(one.val, one.dtype, shape, bytes(data), strides)
    return records


def program_of_many_ops() -> None:
    x = gs.randn(4, 6, requires_grad=True)
    y = x * 2
    y[1:3, ::2].mul_(3)
    z = gs.nn.functional.layer_norm(y.t().exp() @ x, (6,)).reshape(3, 12).permute(1, 0)
    a, b = z.split([4, 8])
    c = (
        gs.cat([b, a]).expand(2, 12, 3).sum(0).clamp(-1, 2)
        + z[[0, 0, 1]].sum()
        + x.gather(1, gs.zeros(1, 1, dtype=gs.int64)).repeat(2, 2).mean()
    )
    image = gs.nn.functional.conv2d(c.reshape(1, 1, 6, 6), gs.ones(1, 1, 3, 3), padding=1)
    (gs.nn.functional.max_pool2d(image, 2).sum() + image.topk(2)[0].sum()).backward()


def test_facts_that_were_tampered_with_are_refused_or_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    records = records_of(program_of_many_ops)
    assert only(replayed(Tape.of(records))).same
    found = {"equal": 0, "different": 0, "reasons": 0}
    for seed in range(250):
        choose = random.Random(seed)
        outcome = only(replayed(Tape.of(mutated(records, choose))))
        assert outcome.nodes
        found["different"] += not outcome.same
        found["reasons"] += bool(outcome.taken or outcome.unknown)
        found["equal"] += outcome.same and not outcome.taken and not outcome.unknown
    assert min(found.values()) > 10, found
    assert not list(tmp_path.iterdir())


def test_files_with_flipped_bytes_end_in_a_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "t.gst"
    recorder = Recorder(Writer(str(path)))
    with recording(recorder):
        small()
    recorder.close()
    good = path.read_bytes()
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for seed in range(150):
        choose = random.Random(seed)
        data = bytearray(good)
        way = choose.randrange(3)
        if way == 0:
            data[choose.randrange(len(data))] ^= 1 << choose.randrange(8)
        elif way == 1:
            del data[choose.randrange(len(data)) :]
        else:
            a, b = sorted(choose.sample(range(len(data)), 2))
            data[a : a + 64], data[b : b + 64] = data[b : b + 64], data[a : a + 64]
        path.write_bytes(data)
        try:
            tape = Tape.open(str(path))
        except TapeError:
            continue
        try:
            for outcome in replayed(tape):
                assert outcome.same or outcome.differences or outcome.parted
        finally:
            tape.close()
    assert not os.listdir(folder)


def test_a_pass_that_begins_nowhere_is_unplayable() -> None:
    records = records_of(small)
    seeds = {r.val for r in records if isinstance(r, GradAdded) and r.src is None}
    tape = Tape.of([r for r in records if not (isinstance(r, Payload) and r.val in seeds)])
    (run,) = tape.runs
    with pytest.raises(Unplayable, match="began with was not kept"):
        Replay(tape, run)


def test_a_change_through_data_is_a_new_value_on_the_tape() -> None:
    def program() -> None:
        w = gs.randn(3, requires_grad=True)
        (w * w).sum().backward()
        for _ in range(3):
            w.data[0:2].mul_(2)
            w.grad = None
            (w * w).sum().backward()
        with gs.no_grad():
            w.add_(1)
        (w * w).sum().backward()

    outcomes = replayed(Tape.of(records_of(program)))
    assert len(outcomes) == 5
    assert all(outcome.same and len(outcome.equal) == outcome.nodes for outcome in outcomes)


def test_values_keep_how_they_lay_in_memory() -> None:
    def program() -> None:
        x = gs.randn(40, 50, requires_grad=True)
        (x.t().exp() @ x[:, ::2].t().t()).sum().backward()

    records = records_of(program)
    strides = {r.strides for r in records if isinstance(r, Payload)}
    assert {(), (1, 50), (50, 2)} <= strides
    tape = Tape.of(records)
    assert {r.strides for r in tape.records() if isinstance(r, Payload)} == strides
    assert only(replayed(tape)).same
