"""The tape's writing side and the debugger's part in the user's process run in any Python from 3.9 on, without numpy and without an
installed gradstep."""

from __future__ import annotations

import ast
import functools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gradstep.engine import older
from gradstep.engine.debug import interpreters
from gradstep.engine.debug.launch import Launch, RunFolder
from gradstep.engine.debug.session import Session
from gradstep.engine.debug.states import State
from gradstep.engine.tape.check import check
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.schema import GradStored

ROOT = Path(__file__).resolve().parents[2]
HOUSE = ROOT / "engine" / "shim" / "house"
HAND = Path(__file__).parent / "debug" / "engines" / "hand_engine.py"
# what is loaded in the user's process whatever the engine is
PARTS = (
    "debug.debuggee",
    "debug.script",
    "debug.answers",
    "debug.control",
    "debug.target",
    "debug.recording",
    "debug.unattended",
    "tape.log",
)
OLDER = [(3, 9), (3, 10), (3, 12), (3, 13)]
LATER_MODULES = {"tomllib", "wsgiref.types"}  # of the standard library, since 3.11
LATER_NAMES = {
    "pairwise", "aclosing", "EllipsisType", "NoneType", "NotImplementedType", "StrEnum", "Self", "ParamSpec", "TypeAlias", "TypeGuard",
    "Concatenate", "assert_never", "reveal_type", "LiteralString", "override", "batched", "ExceptionGroup", "BaseExceptionGroup", "KW_ONLY",
}  # fmt: skip
LATER_ATTRIBUTES = {"co_qualname", "co_lines", "co_positions", "add_note", "bit_count", "sys_exception", "is_relative_to_any"}
SCRIPT = """
import sys
import hand_engine
a, b = hand_engine.Number(3.0, requires_grad=True, name="a"), hand_engine.Number(4.0)
(a * b * a).backward()
print(sys.version_info[:2], a.grad.value, "numpy" in sys.modules, "gradstep.engine.tensor" in sys.modules)
"""


@functools.cache
def pythons() -> dict[tuple[int, int], str]:
    """By version, an interpreter of it that was found on this machine."""
    found: dict[tuple[int, int], str] = {}
    for place in interpreters.found():
        answer = interpreters.ask(place.path, ())
        if answer.version and answer.implementation == "CPython":
            found.setdefault((answer.version[0], answer.version[1]), place.path)
    return found


@pytest.fixture(params=OLDER, ids=lambda version: ".".join(map(str, version)))
def python(request: pytest.FixtureRequest) -> str:
    """An interpreter of another version than this one."""
    if request.param not in pythons():
        pytest.skip(f"there is no Python {request.param[0]}.{request.param[1]} on this machine")
    return pythons()[request.param]


@functools.cache
def travelling() -> list[Path]:
    """The files of ours that the user's process loads."""
    code = (
        "import sys, importlib\n"
        "sys.modules['numpy'] = None\n"
        f"for part in {PARTS}: importlib.import_module('gradstep.engine.' + part)\n"
        "print(*[m.__file__ for n, m in sys.modules.items() if n.startswith('gradstep') and getattr(m, '__file__', None)], sep='\\n')"
    )
    environment = {**os.environ, "PYTHONPATH": str(HOUSE)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    return [Path(line) for line in done.stdout.splitlines()] + [ROOT / "engine" / "debug" / "bootstrap.py", HOUSE / "gradstep.py"]


def too_new(source: str) -> Iterator[str]:
    """What a file uses that Python 3.9 does not have, as far as one can see without running it."""
    tree = ast.parse(source, feature_version=(3, 9))  # raises SyntaxError for match, except*, type parameters
    nodes = list(ast.walk(tree))
    froms = [node for node in nodes if isinstance(node, ast.ImportFrom)]
    plain = any(alias.name == "dataclass" for node in froms if node.module == "dataclasses" for alias in node.names)
    for node in nodes:
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            words = {keyword.arg for keyword in node.keywords}
            if node.func.id == "zip" and "strict" in words:
                yield f"{line}: zip(strict=)"
            if node.func.id == "dataclass" and plain and words & {"slots", "kw_only", "match_args"}:
                yield f"{line}: dataclass(slots=)"
            if node.func.id in ("isinstance", "issubclass") and len(node.args) == 2 and isinstance(node.args[1], ast.BinOp):
                yield f"{line}: isinstance(x, A | B)"
        elif isinstance(node, ast.Import):
            yield from (f"{line}: import {alias.name}" for alias in node.names if alias.name in LATER_MODULES)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield from (f"{line}: {alias.name}" for alias in node.names if alias.name in LATER_NAMES or node.module in LATER_MODULES)
        elif isinstance(node, ast.Attribute) and (node.attr in LATER_ATTRIBUTES or node.attr in LATER_NAMES):
            yield f"{line}: .{node.attr}"
        elif isinstance(node, ast.Name) and node.id in LATER_NAMES | {"aiter", "anext", "EncodingWarning"}:
            yield f"{line}: {node.id}"


@pytest.mark.parametrize(
    "source",
    [
        "zip(a, b, strict=True)", "isinstance(x, int | str)", "code.co_qualname", "from itertools import pairwise", "import tomllib",
        "from dataclasses import dataclass\n@dataclass(slots=True)\nclass A: ...", "except_ = BaseExceptionGroup",
    ],
)  # fmt: skip
def test_what_is_too_new_is_seen(source: str) -> None:
    assert list(too_new(source))


@pytest.mark.parametrize("source", ["match x:\n    case 1: ...", "def f[T](x: T): ...", "try: ...\nexcept* OSError: ..."])
def test_syntax_that_is_too_new_is_seen(source: str) -> None:
    with pytest.raises(SyntaxError):
        list(too_new(source))


def test_files_that_travel_use_nothing_newer_than_python_3_9() -> None:
    assert len(travelling()) > 25
    found = {str(file): list(too_new(file.read_text(encoding="utf-8"))) for file in travelling() if file.name != "older.py"}
    assert {file: uses for file, uses in found.items() if uses} == {}


def test_nothing_that_travels_needs_a_package() -> None:
    loaded = {file.relative_to(ROOT).as_posix() if file.is_relative_to(ROOT) else file.as_posix() for file in travelling()}
    assert not [file for file in loaded if "/ops/" in file or file.endswith(("/tensor.py", "/numpy.py"))]


def test_a_dataclass_has_its_slots_where_python_can() -> None:
    @older.dataclass(frozen=True, slots=True)
    class Point:
        x: int = 0

    assert Point.__slots__ == ("x",)
    assert older.qualname(test_a_dataclass_has_its_slots_where_python_can.__code__) == "test_a_dataclass_has_its_slots_where_python_can"


def test_an_engine_without_numpy_is_debugged_in_an_older_python(python: str, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    launch = Launch(
        str(script), python=python, engine="hand", target="hand_engine:Hand", paths=(str(HAND.parent),), tape=str(tmp_path / "t.gst"),
        breakpoints=({"kind": "value", "target": "nonfinite"},),
    )  # fmt: skip
    with Session() as session:
        folder = RunFolder.make(tmp_path)
        session.launch(launch, folder)
        session.wait_for(State.PAUSED)
        assert session.stop is not None
        assert (session.stop.reason, session.stop.name) == ("entry", "MulBackward")
        grads = session.ask("grads")
        assert [leaf["leaf"]["name"] for leaf in grads.body["leaves"]] == ["a"]
        assert session.ask("evaluate", expression="self.seed.value + 1").body["number"] == 2.0
        assert session.move("next").taken == 1
        session.send("continue")
        outcome = session.wait_until_ended()
    assert (outcome.how, outcome.exit_code) == (State.FINISHED, 0), outcome
    assert "24.0 False False" in (folder.path / "stdout.log").read_text()
    tape = Tape.open(tmp_path / "t.gst")
    assert (tape.complete, tape.verify(), check(tape)) == (True, "", [])
    assert [op.name for op in tape.ops.values()] == ["mul", "mul"]
    stored = [event for event in tape.events if isinstance(event, GradStored)]
    assert stored[-1].val is not None
    assert float(tape.value(stored[-1].val)) == 24.0
    assert json.loads(next(note.text for note in tape.notes if note.kind == "begin"))["versions"]["hand"] == "1"
