"""Who may import whom. ``MAY_IMPORT`` is the architecture; the rest of this file only reads it out.

An import inside a function, or under ``TYPE_CHECKING``, counts like any other: a late import upwards means that something
stands on the wrong floor.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import networkx
import pytest

ROOT = Path(__file__).resolve().parent.parent
TOPS = ("engine", "gui", "plugins")
FILES = sorted(file for top in TOPS for file in (ROOT / top).rglob("*.py"))

OLDER = ["engine.older", "engine.locks"]
TAPE = ["engine.tape", *OLDER]
OUTLET = ["engine.tape.schema", "engine.tape.recorder"]  # all that the engine proper knows of a tape
GROUND = [*OUTLET, "engine.kernels", "engine.devices", "engine.dtypes", "engine.streams", "engine.numbers_drawn"]
GRAPH = [*GROUND, "engine.autograd.hooks", "engine.autograd.grad_mode", "engine.autograd.node"]
TENSOR = [
    *GRAPH,
    "engine.tensor",
    "engine.samples",
    "engine.numerics",
    "engine.halves",
    "engine.operands",
    "engine.creation",
    "engine.copying",
    "engine.random",
    "engine.printing",
    "engine.autograd.saved",
    "engine.shortage",
]
OPS = [*TENSOR, "engine.nodes", "engine.quick", "engine.op", "engine.inplace", "engine.ops"]
AUTOGRAD = [*OPS, "engine.autograd", "engine.autocasting"]
BESIDE = [
    f"engine.{name}"
    for name in ("amp", "backends", "cpu", "cuda", "settings", "testing", "names", "storage", "layouts", "legacy", "version")
]  # what scripts ask of the installation
ENGINE = [
    *AUTOGRAD,
    *BESIDE,
    "engine.out",
    "engine.methods",
    "engine.signal",
    "engine.nn",
    "engine.optim",
    "engine.utils",
    "engine.serialization",
    "engine",
]
CLIENT = [
    f"engine.debug.{name}"
    for name in (
        "states", "protocol", "launch", "machines", "targets", "interpreters", "ending", "core", "session", "runs", "breakpoints",
        "conditions", "gate",
    )
]  # fmt: skip
# our own engine under the debugger; the rest of engine/debug knows no engine
USERS = ["engine.kept", "engine.places"]  # where what is the user's lies
OWN = ["engine/debug/ours", "engine/debug/rules"]
# what another engine under the debugger is made of
TARGET = ["engine.debug.target", "engine.debug.launch", "engine.debug.targets", "engine.debug.recording", "engine.older"]

# place (file or folder; the longest that fits counts) -> what of gradstep it may import
MAY_IMPORT: dict[str, list[str]] = {
    "engine/_root": [],
    "engine/_root/__main__": ["engine.cli"],
    # from the ground up; autograd.node knows no Tensor, so that the two form no circle
    "engine/older": [],
    "engine/kept": [],
    "engine/locks": [],
    "engine/places": [],
    "engine/tape/schema": OLDER,
    "engine/tape/recorder": TAPE,
    "engine/tape/repair": [*TAPE, "engine.kept"],
    "engine/kernels": ["engine.numerics", "engine.kernels"],
    "engine/devices": ["engine.kernels"],
    "engine/dtypes": ["engine.devices"],
    "engine/halves": ["engine.dtypes"],
    "engine/streams": GROUND,
    "engine/numbers_drawn": GROUND,
    "engine/autograd/hooks": GROUND,
    "engine/autograd/grad_mode": GROUND,
    "engine/autograd/node": GRAPH,
    "engine/tensor": GRAPH,
    "engine/samples": TENSOR,
    "engine/numerics": ["engine.numerics"],
    "engine/operands": TENSOR,
    "engine/creation": [*TENSOR, "engine.layouts"],
    "engine/copying": TENSOR,
    "engine/random": TENSOR,
    "engine/printing": TENSOR,
    "engine/autograd/saved": TENSOR,
    "engine/shortage": TENSOR,
    "engine/nodes": TENSOR,
    "engine/quick": TENSOR,
    "engine/op": [*TENSOR, "engine.nodes", "engine.quick"],
    "engine/autocasting": TENSOR,
    "engine/layouts": [],
    "engine/storage": [*TENSOR, "engine.layouts"],
    "engine/settings": [*AUTOGRAD, "engine.storage"],
    "engine/legacy": TENSOR,
    "engine/version": [],
    "engine/inplace": OPS,
    "engine/out": [*TENSOR, "engine.op", "engine.quick"],
    "engine/ops": OPS,
    "engine/autograd": AUTOGRAD,
    "engine/methods": [*AUTOGRAD, "engine.storage", "engine.out"],
    "engine/distributions": [*AUTOGRAD, "engine.methods", "engine.distributions"],
    "engine/nn": [*AUTOGRAD, "engine.methods", "engine.nn"],
    "engine/optim": [*AUTOGRAD, "engine.methods", "engine.optim"],
    "engine/signal": [*TENSOR, "engine.signal"],
    "engine/amp": [*AUTOGRAD, "engine.methods", "engine.amp"],
    "engine/optim/swa_utils": [*AUTOGRAD, "engine.methods", "engine.nn", "engine.optim"],
    "engine/utils": [*AUTOGRAD, "engine.methods", "engine.utils"],
    "engine/serialization": [*AUTOGRAD, "engine.methods", "engine.nn", "engine.serialization"],
    "engine/shim": ["engine.shim"],
    "engine/shim/as_torch": ENGINE,
    "engine/overrides": [*ENGINE, "engine.names"],
    "engine/additions": [*ENGINE, "engine.names"],
    "engine/_C": ["engine.overrides"],
    "engine": ENGINE,  # the public names, and whatever no line here knows
    # beside it: who reads a tape
    "engine/tape": TAPE,
    "engine/remote": [
        *TAPE,
        *(f"engine.debug.{name}" for name in ("protocol", "link", "turning", "launch", "machines", "states", "tree")),
        "engine.remote",
    ],
    "engine/explain": [*TAPE, "engine.explain"],
    "engine/debug": [*TAPE, "engine.places", "engine.debug", "engine.shim"],
    "engine/debug/states": [],
    "engine/debug/protocol": OLDER,
    "engine/debug/conditions": OLDER,
    "engine/debug/breakpoints": [*TAPE, "engine.kept", "engine.debug.conditions"],
    "engine/debug/targets": ["engine.older", "engine.extensions"],
    "engine/debug/session": [*TAPE, *CLIENT, "engine.debug.link", "engine.debug.pulse"],
    **{place: [*ENGINE, *TAPE, "engine.debug"] for place in OWN},
    "engine/debug/ours": [*ENGINE, *TAPE, "engine.debug", "engine.extensions", "engine.additions"],
    **{f"engine/debug/{name}": [*ENGINE, *TAPE, "engine.debug"] for name in ("literals", "rebuild", "replay")},
    "engine/extensions": [*USERS, "engine.locks", "engine.extensions"],
    "engine/preflight": [*ENGINE, "engine.preflight"],
    "engine/cli": [
        *ENGINE,
        *USERS,
        "engine.remote",
        "engine.preflight",
        "engine.tape",
        "engine.explain",
        "engine.extensions",
        "engine.debug",
        "engine.cli",
    ],
    # above it
    "gui": [*TAPE, *USERS, "engine.explain", "engine.extensions", *CLIENT, "gui"],
    "plugins": [*ENGINE, *TAPE, "engine.kept", "engine.explain", "engine.extensions", *CLIENT, "gui", "plugins"],
    "plugins/torch/ranks": [*TAPE, *TARGET, "engine.debug.ranks", "engine.debug.unattended", "plugins.torch"],
    "plugins/torch/rules": [*TAPE, *TARGET, "engine.debug.trial", "plugins.torch"],
    "plugins/torch": [*TAPE, *TARGET, "plugins.torch"],  # in the user's interpreter
}
# exactly these files or packages, not what lies below them
EXACTLY = {"engine"}

# place -> what it may import of other people's
MAY_NEED: dict[str, set[str]] = {
    "engine": {"numpy"},
    "engine/devices": {"numpy", "cupy", "cupyx"},
    "engine/dtypes": {"numpy", "ml_dtypes"},
    "engine/kernels": {"numpy"},
    "engine/kernels/compiled": {"numpy", "numba"},
    "engine/kernels/compiled_windows": {"numpy", "numba"},
    "engine/tape": {"numpy"},
    "engine/tape/schema": set(),
    "engine/tape/recorder": {"numpy"},
    "engine/tape/graph": {"networkx"},
    "engine/tape/outline": {"numpy", "networkx"},
    "engine/explain": {"numpy"},
    "engine/debug": {"numpy"},
    "engine/debug/states": set(),
    "engine/extensions": set(),
    "engine/debug/protocol": set(),
    "engine/debug/supervisor": set(),
    "engine/cli": {"numpy", "networkx"},
    "gui": {"numpy", "networkx", "scipy", "PySide6", "shiboken6", "pyqtgraph"},
    "gui/examples": {"torch"},  # scripts for a user to open, not part of the program
    "plugins": {"numpy", "networkx", "scipy", "PySide6", "pyqtgraph", "torch"},
}


def place(file: Path) -> str:
    """``engine/tape/log`` for ``engine/tape/log.py``, ``engine/tape`` for its ``__init__.py``."""
    path = file.relative_to(ROOT).with_suffix("")
    return (path.parent if path.name == "__init__" else path).as_posix()


MODULES = {place(file).replace("/", "."): file for file in FILES}


def row(table: dict[str, object], where: str) -> str:
    return max((key for key in table if where == key or where.startswith(key + "/")), key=len)


def imported(where: str, source: str, is_package: bool = False) -> Iterator[str]:
    """The dotted names that a file imports; of ours without ``gradstep.`` in front, as far as a module's name goes."""
    package = where.split("/") if is_package else where.split("/")[:-1]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.removeprefix("gradstep.") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level <= len(package), f"{where}:{node.lineno}: across the top-level folders write gradstep.…"
            base = [*package[: len(package) - node.level + 1], *(node.module or "").split(".")] if node.level else [node.module or ""]
            name = ".".join(part for part in base if part).removeprefix("gradstep.")
            for alias in node.names:
                yield f"{name}.{alias.name}" if f"{name}.{alias.name}" in MODULES else name


def imports(file: Path) -> set[str]:
    return set(imported(place(file), file.read_text(encoding="utf-8"), is_package=file.name == "__init__.py"))


def is_ours(name: str) -> bool:
    return name.partition(".")[0] in (*TOPS, "gradstep")


def allows(allowed: str, name: str) -> bool:
    return name in (allowed, "gradstep") or (allowed not in EXACTLY and name.startswith(allowed + "."))


def upwards(where: str, names: set[str]) -> set[str]:
    """Those of our modules among ``names`` that stand on a higher floor than ``where``."""
    floor = MAY_IMPORT[row(MAY_IMPORT, where)]
    return {name for name in names if is_ours(name) and not any(allows(allowed, name) for allowed in floor)}


def strangers(where: str, names: set[str]) -> set[str]:
    """Other people's packages among ``names`` that were not agreed on for ``where``."""
    tops = {name.partition(".")[0] for name in names if not is_ours(name)}
    return tops - sys.stdlib_module_names - MAY_NEED[row(MAY_NEED, where)]


@pytest.mark.parametrize("file", FILES, ids=place)
def test_imports_of_ours_go_down_the_floors(file: Path) -> None:
    assert upwards(place(file), imports(file)) == set()


@pytest.mark.parametrize("file", FILES, ids=place)
def test_imports_of_others_are_the_ones_agreed_on(file: Path) -> None:
    assert strangers(place(file), imports(file)) == set()


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("import PySide6.QtCore", {"PySide6"}),
        ("from ..tensor import Tensor", {"engine.tensor"}),
        ("from .. import tensor", {"engine.tensor"}),
        ("from gradstep.gui import panel", {"gui.panel"}),
        ("def late():\n    import gradstep.gui.panel", {"gui.panel"}),
        ("if TYPE_CHECKING:\n    from . import recorder", {"engine.tape.recorder"}),
        ("import struct, dataclasses", set()),
    ],
)
def test_the_table_catches(line: str, found: set[str]) -> None:
    names = set(imported("engine/tape/schema", line))
    assert upwards("engine/tape/schema", names) | strangers("engine/tape/schema", names) == found


def test_no_files_import_each_other_in_a_circle() -> None:
    graph = networkx.DiGraph((name, other) for name, file in MODULES.items() for other in imports(file) if other in MODULES)
    circles = [component for component in networkx.strongly_connected_components(graph) if len(component) > 1]
    assert circles == []


def test_every_place_of_the_table_exists() -> None:
    later = {"engine/explain", "engine/utils", "engine/debug/breakpoints"}
    gone = {key for key in MAY_IMPORT | MAY_NEED if not (ROOT / key).is_dir() and not (ROOT / f"{key}.py").exists()}
    assert gone <= later


def loaded_by(module: str) -> set[str]:
    """The top-level packages in memory once ``module`` is imported, the window of ours among them as ``gradstep.gui``."""
    code = f"import sys, {module}\nprint(*{{name if name.startswith('gradstep.gui') else name.split('.')[0] for name in sys.modules}})"
    result = subprocess.run([sys.executable, "-P", "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return set(result.stdout.split())


@pytest.mark.parametrize("module", ["engine", "engine.tape.recorder", "engine.debug.debuggee", "engine.debug.supervisor"])
def test_the_engine_starts_without_a_window(module: str) -> None:
    loaded = loaded_by(f"gradstep.{module}")
    assert "gradstep" in loaded
    assert loaded & {"PySide6", "pyqtgraph", "networkx", "scipy", "torch", "cupy", "gradstep.gui"} == set()


@pytest.mark.parametrize("module", ["tape.schema", "debug.protocol", "debug.states", "debug.supervisor"])
def test_what_stands_at_the_bottom_needs_the_standard_library_alone(module: str) -> None:
    assert "numpy" not in loaded_by(f"gradstep.engine.{module}")


def test_nobody_names_a_plugin() -> None:
    # an import is found above; this is for who loads a module by its name
    for file in FILES:
        strings = [node.value for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.Constant)]
        named = [text for text in strings if isinstance(text, str) and re.fullmatch(r"gradstep\.plugins[\w.:]*", text)]
        assert place(file).startswith("plugins") or not named


def test_every_package_of_ours_is_under_a_floor() -> None:
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    assert {name.split(".")[1] for name in packages if "." in name} == set(TOPS)
