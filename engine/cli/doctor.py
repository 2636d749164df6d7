"""Look at this installation and at the interpreters that could run scripts, and say what will work and what will not, and why.

    gradstep doctor                    everything
    gradstep doctor train.py           the interpreters as that script's project would have them
    gradstep doctor --python PATH      one interpreter

Nothing of the user's is run; packages are imported in processes of their own.

Exit codes: 0 the window and at least one engine can be used, 1 something of that cannot."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from ..debug import interpreters
from ..debug.interpreters import Answer, Found, Lack, described, short
from ..debug.targets import Needs, engines, needs_of
from .command import Command, Exit

QT = ("PySide6-Essentials", "PySide6")
BAD_QT = (6, 12)  # loses references to None and True before Python 3.12
WINDOW = ("PySide6.QtWidgets", "pyqtgraph", "scipy")
GPUS = 10.0  # seconds that the driver may take to name its GPUs
WIDTH = 100


Rows = list[tuple[tuple[Found, Answer], list[Lack]]]  # what each interpreter lacks
Verdicts = dict[str, Rows]  # by engine


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. ``remedy`` is a line for a shell."""

    about: str
    works: bool
    text: str
    remedy: str = ""

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return {"about": self.about, "works": self.works, "text": self.text, "remedy": self.remedy}


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--python", metavar="PATH", help="look at this interpreter alone")
    parser.add_argument("script", metavar="SCRIPT", nargs="?", default="", help="a script, whose project's environment is looked at first")


def _run(args: argparse.Namespace) -> int:
    own = _own()
    found = [Found(args.python, "--python")] if args.python else interpreters.found(args.script)
    answers = _asked(found)
    verdicts: Verdicts = {}
    for engine in engines():
        verdicts[engine] = [(one, interpreters.lacks(one[1], needs_of(engine))) for one in answers]
    sound = all(finding.works for finding in own) and any(not lacks for rows in verdicts.values() for _, lacks in rows)
    if args.json:
        print(json.dumps(_plain(own, verdicts), indent=2))
    else:
        print(_text(own, verdicts))
    return Exit.OK if sound else Exit.FAILED


def _asked(found: Iterable[Found]) -> list[tuple[Found, Answer]]:
    """What each says of itself, with the packages that engines need imported."""
    wanted = [needs_of(engine) for engine in engines()]
    names = tuple(dict.fromkeys(name for needs in wanted for name in (*needs.names, *dict(needs.useful))))

    def one(place: Found) -> tuple[Found, Answer]:
        return place, interpreters.ask(place.path, names, names)

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(one, found))


# ------------------------------------------------------------------------------------------------------- this installation


def _own() -> list[Finding]:
    """What this installation is made of."""
    here = interpreters.ask(sys.executable, ("numpy", "ml_dtypes", "networkx", "numba", "cupy", *WINDOW), ("cupy", "numba", *WINDOW))
    return [_python(), _qt(here), _speed(here), _gpu(here)]


def _python() -> Finding:
    system = f"{platform.system()} {platform.release()} ({platform.machine()})"
    text = f"gradstep {_version('gradstep') or '?'} on Python {platform.python_version()}, {system}"
    if sys.platform != "linux":
        text += "; only Linux is tested"
    return Finding("gradstep", sys.platform != "win32", text)


def _qt(here: Answer) -> Finding:
    name = next((name for name in QT if _version(name)), "")
    if not name:
        return Finding(
            "window", False, "PySide6 is not installed: there is no window, the other commands work", "pip install 'gradstep[gui]'"
        )
    number = _version(name)
    if tuple(map(int, number.split(".")[:2])) == BAD_QT and sys.version_info < (3, 12):
        text = f"{name} {number} on Python {platform.python_version()} loses references to None and True and aborts within seconds"
        return Finding("window", False, text, "pip install 'PySide6-Essentials<6.12'")
    for part in WINDOW:
        failed = here.loaded.get(part, {}).get("error", "" if part in here.packages else "is not installed")
        if failed:
            remedy = "pip install 'gradstep[gui]'"
            if "cannot open shared object" in failed:  # Qt finds no library of the system's
                remedy = "apt-get install libegl1 libgl1 libxkbcommon0 libdbus-1-3 libfontconfig1"
            return Finding("window", False, f"{part}: {failed}", remedy)
    display = os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY") or os.environ.get("QT_QPA_PLATFORM")
    there = "" if display or sys.platform == "darwin" else "; there is no display here: --headless-report does its work without one"
    return Finding("window", True, f"{name} {number} on Python {platform.python_version()}{there}")


def _speed(here: Answer) -> Finding:
    numbers = ", ".join(f"{name} {_version(name)}" for name in ("numpy", "ml_dtypes", "networkx") if _version(name))
    fast = here.loaded.get("numba", {})
    if "version" in fast:
        return Finding("engine", True, f"{numbers}; numba {fast['version']}: large arrays in one pass")
    why = f"numba cannot be imported: {fast['error']}" if fast else "without numba, which makes large arrays faster"
    return Finding("engine", True, f"{numbers}; {why}", "pip install 'gradstep[fast]'")


def _gpu(here: Answer) -> Finding:
    """Whether gradstep's own engine can compute on a GPU. Not having one is no fault."""
    seen = _gpus()
    cupy = here.loaded.get("cupy")
    if cupy is None:
        if not seen:
            return Finding("GPU", True, "none is seen; gradstep's engine computes on the CPU")
        text = f"{', '.join(seen)}; gradstep's engine computes on the CPU without cupy"
        return Finding("GPU", True, text, "pip install 'gradstep[cuda12]' (or cuda13)")
    if cupy.get("error") or cupy.get("gpu_error"):
        return Finding("GPU", False, f"cupy does not work: {cupy.get('error') or cupy['gpu_error']}")
    if not cupy.get("gpus"):
        return Finding("GPU", True, f"cupy {cupy['version']} sees none; gradstep's engine computes on the CPU")
    return Finding("GPU", True, f"{', '.join(cupy['gpus'])}, by cupy {cupy['version']}")


def _gpus() -> list[str]:
    """What the driver of NVIDIA's GPUs names."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    command = [program, "--query-gpu=name,driver_version", "--format=csv,noheader"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=GPUS, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return [" (driver ".join(line.split(", ")) + ")" for line in done.stdout.splitlines() if line]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


# ---------------------------------------------------------------------------------------------------------------- words


def _text(own: list[Finding], verdicts: Verdicts) -> str:
    lines = []
    for finding in own:
        lines.append(f"{_mark(finding.works)} {finding.about:<9} {finding.text}")
        lines += [f"               {finding.remedy}"] if finding.remedy else []
    for engine, rows in verdicts.items():
        lines += ["", *_of_engine(needs_of(engine), engine, rows)]
    return "\n".join(lines)


def _of_engine(needs: Needs, engine: str, rows: Rows) -> list[str]:
    lines = [_heading(engine, needs)]
    good = [row for row in rows if not row[1]]
    for (place, answer), _ in good:
        lines += [f"{_mark(True)} {short(place.path)} ({place.why})", f"     {described(answer, needs)}"]
        lines += [f"     without {name} {missing}" for name, missing in needs.useful if name not in answer.packages]
    bad = [row for row in rows if row[1]]
    lines += [f"{_mark(False)} {short(place.path)} ({place.why}): {', '.join(lack.brief for lack in lacks)}" for (place, _), lacks in bad]
    if not good:
        lines.append("     No interpreter that was looked at can run scripts on this engine; --python names another.")
        remedies = [lack.remedy for _, lacks in bad[:1] for lack in lacks if lack.remedy]
        lines += [f"     {remedy}" for remedy in remedies]
    return lines


def _heading(engine: str, needs: Needs) -> str:
    wanted = [f"Python {'.'.join(map(str, needs.python))}", *(f"{package.name} {package.since}" for package in needs.packages)]
    tested = f"; tried with {needs.tested}" if needs.tested else ""
    return f"Scripts on --engine {engine} (needs {', '.join(wanted)} or later{tested})"


def _mark(works: bool) -> str:
    return "ok  " if works else "NO  "


def _plain(own: list[Finding], verdicts: Verdicts) -> dict[str, Any]:
    return {
        "gradstep": [finding.plain() for finding in own],
        "engines": {
            engine: {
                "needs": {
                    "python": ".".join(map(str, needs_of(engine).python)),
                    "packages": {package.name: package.since for package in needs_of(engine).packages},
                    "tested": needs_of(engine).tested,
                },
                "interpreters": [
                    {
                        **answer.plain(), "found_by": place.why, "works": not lacks,
                        "lacks": [{"kind": lack.kind, "text": lack.text, "remedy": lack.remedy} for lack in lacks],
                    }
                    for (place, answer), lacks in rows
                ],
            }
            for engine, rows in verdicts.items()
        },
    }  # fmt: skip


COMMAND = Command("doctor", __doc__, _arguments, _run)
