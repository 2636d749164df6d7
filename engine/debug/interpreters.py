"""Which Python interpreters there are to run a script, and what each of them has: asked of the interpreter itself, which may be of
any version, damaged, or gone.

``found`` lists them in the order in which they are likely to be meant; ``ask`` starts one and gives what it says of itself;
``lacks`` compares that with what an engine needs, in sentences for the user.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .targets import Needs, Package

SECONDS = 60.0  # that an interpreter may take to say what it has; the first import of a large package from a slow disk is slow
_BIN = "Scripts" if os.name == "nt" else "bin"
_FOLDERS = (".venv", "venv", "env", ".env")  # what people call the environment of a project
_SHARED = (("~/.virtualenvs", "virtualenvs"), ("~/.cache/pypoetry/virtualenvs", "poetry"), ("~/.local/share/virtualenvs", "pipenv"))
_DISTRIBUTIONS = {  # what pip knows modules by that have another name than their package
    "cv2": "opencv-python", "PIL": "pillow", "sklearn": "scikit-learn", "skimage": "scikit-image", "yaml": "pyyaml",
    "dateutil": "python-dateutil", "bs4": "beautifulsoup4", "attr": "attrs", "google": "protobuf", "hydra": "hydra-core",
    "ml_dtypes": "ml-dtypes", "pl_bolts": "lightning-bolts", "pytorch_lightning": "pytorch-lightning", "umap": "umap-learn",
}  # fmt: skip
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Found:
    """An interpreter's path, and why it was looked at."""

    path: str
    why: str  # "VIRTUAL_ENV", "CONDA_PREFIX", ".venv", "PATH", "gradstep's own", ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What an interpreter says of itself. ``error`` is why it said nothing."""

    path: str
    version: tuple[int, ...] = ()
    implementation: str = ""
    packages: Mapping[str, str] = field(default_factory=dict)  # by import name the version of those that are there ("?": not known)
    loaded: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # of those that were imported: version, or error, and facts
    error: str = ""

    @property
    def python(self) -> str:
        """The version as people write it."""
        return ".".join(map(str, self.version[:3]))

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "path": self.path, "python": self.python, "implementation": self.implementation, "packages": dict(self.packages),
            "loaded": {name: dict(facts) for name, facts in self.loaded.items()}, "error": self.error,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that an engine needs and an interpreter has not. ``remedy`` is a line for a shell; "" where none helps."""

    kind: str  # gone, broken, python, package, version
    brief: str  # to stand behind the interpreter's path
    text: str
    remedy: str = ""


def found(script: str = "", environment: Mapping[str, str] | None = None) -> list[Found]:
    """The interpreters to choose from, the likeliest first, each once. ``script``: whose project is looked at."""
    seen: set[str] = set()
    result = []
    for path, why in _candidates(script, os.environ if environment is None else environment):
        key = _identity(path)
        if key not in seen and os.access(path, os.X_OK) and not os.path.isdir(path):
            seen.add(key)
            result.append(Found(path, why))
    return result


def _candidates(script: str, environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        if value := environment.get(variable):
            yield from _inside(Path(value), variable)
    for folder in _project(script):
        for name in _FOLDERS:
            if (folder / name / "pyvenv.cfg").is_file():
                yield from _inside(folder / name, name)
    for part in environment.get("PATH", os.defpath).split(os.pathsep):
        for name in ("python3", "python"):
            if path := shutil.which(name, path=part):
                yield path, "PATH"
    yield sys.executable, "gradstep's own"
    for root, why in (*_SHARED, (os.path.join(environment.get("PYENV_ROOT") or "~/.pyenv", "versions"), "pyenv")):
        for prefix in sorted(Path(root).expanduser().glob("*"), key=lambda prefix: _number(prefix.name), reverse=True):
            yield from _inside(prefix, why)
    for line in _conda_environments():
        yield from _inside(Path(line), "conda")


def _project(script: str) -> Iterator[Path]:
    """The folders from the script's outwards, as far as its project reaches."""
    folder = Path(script).resolve().parent if script else Path.cwd()
    home = Path.home()
    for one in (folder, *folder.parents):
        if one == home or len(one.parts) < 2:
            return
        yield one
        if any((one / mark).exists() for mark in (".git", "pyproject.toml", "setup.py", "requirements.txt")):
            return


def _inside(prefix: Path, why: str) -> Iterator[tuple[str, str]]:
    for name in ("python3", "python", "python.exe"):
        path = prefix / _BIN / name
        if path.is_file():
            yield str(path), why
            return


def _conda_environments() -> list[str]:
    """The environments that conda wrote down."""
    try:
        return Path("~/.conda/environments.txt").expanduser().read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError):
        return []


def _identity(path: str) -> str:
    """Equal for two paths of one environment. The link of a virtual environment is another interpreter than what it points to."""
    return os.path.join(os.path.realpath(os.path.dirname(path)), "python")


# Run by the interpreter itself, with nothing of ours; any Python understands it.
_QUESTION = r"""
import json, os, platform, re, sys
names, loads = json.loads(sys.argv[1])
told = {"version": list(sys.version_info[:3]), "implementation": platform.python_implementation(), "packages": {}, "loaded": {}}

def version_of(name):
    try:
        import importlib.util
        spec = importlib.util.find_spec(name)
    except Exception:  # a parent package is imported for it, and may do anything
        return None
    if spec is None or (spec.origin is None and not spec.submodule_search_locations):
        return None
    for folder in spec.submodule_search_locations or ():
        try:
            with open(os.path.join(folder, "version.py")) as file:
                match = re.search(r"^(?:__version__|version)\s*(?::[^=]*)?=\s*['\"]([^'\"]+)['\"]", file.read(1 << 16), re.M)
            if match:
                return match.group(1)
        except (OSError, ValueError):
            pass
    try:
        from importlib.metadata import version
        return version(name)
    except Exception:  # a broken installation may hold anything
        return "?"

for name in names:
    version = version_of(name)
    if version is not None:
        told["packages"][name] = version
for name in loads:
    if name not in told["packages"]:
        continue
    try:
        module = __import__(name)
        facts = {"version": str(getattr(module, "__version__", "?"))}
        cuda = getattr(module, "cuda", None)
        if cuda is not None and hasattr(cuda, "is_available"):
            built = getattr(getattr(module, "version", None), "cuda", None)
            facts["cuda"] = built or ""
            try:
                if not cuda.is_available():
                    facts["gpus"] = []
                elif hasattr(cuda, "get_device_name"):
                    facts["gpus"] = [cuda.get_device_name(i) for i in range(cuda.device_count())]
                else:
                    devices = [cuda.runtime.getDeviceProperties(i) for i in range(cuda.runtime.getDeviceCount())]
                    facts["gpus"] = [device["name"].decode() for device in devices]
            except Exception as error:
                facts["gpus"], facts["gpu_error"] = [], "%s: %s" % (type(error).__name__, error)
        told["loaded"][name] = facts
    except BaseException as error:
        told["loaded"][name] = {"error": "%s: %s" % (type(error).__name__, error)}
sys.stdout.write("\n\x01" + json.dumps(told) + "\n")
"""


def command(path: str, names: Sequence[str], load: Sequence[str] = ()) -> list[str]:
    """What to start to have an interpreter say what it has; ``answer`` reads what it prints. ``load``: packages that are imported
    as well, which can take seconds and finds those that are damaged."""
    return [path, "-c", _QUESTION, json.dumps([list(names), list(load)])]


def answer(path: str, printed: str, complaint: str = "", code: int | None = 0) -> Answer:
    """What an interpreter printed, read."""
    line = printed.rpartition("\n\x01")[2]
    try:
        told = json.loads(line)
        return Answer(path, tuple(told["version"]), told["implementation"], told["packages"], told["loaded"])
    except (ValueError, KeyError, TypeError):
        last = complaint.strip().splitlines()[-1:] or [f"it ended with code {code} and said nothing"]
        return Answer(path, error=last[0])


def ask(path: str, names: Sequence[str], load: Sequence[str] = (), seconds: float = SECONDS) -> Answer:
    """What the interpreter at ``path`` says of itself."""
    try:
        done = subprocess.run(
            command(path, names, load), stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=seconds,
            check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return Answer(path, error=f"it did not answer within {seconds:.0f} s")
    except OSError as error:
        return Answer(path, error=error.strerror or str(error))
    return answer(path, done.stdout, done.stderr, done.returncode)


def lacks(answer: Answer, needs: Needs) -> list[Lack]:
    """What an interpreter has not of what an engine needs; empty where scripts can be run."""
    path, other = answer.path, "Choose another interpreter."
    if answer.error and not os.path.exists(path):
        return [Lack("gone", "is not there any more", f"{path} is not there any more. {other}")]
    if answer.error:
        return [Lack("broken", f"cannot be used: {answer.error}", f"{path} cannot be used: {answer.error}. {other}")]
    least = ".".join(map(str, needs.python))
    if answer.version[:2] < needs.python:
        text = f"{path} is Python {answer.python}; {least} or later is needed. {other}"
        return [Lack("python", f"Python {answer.python} is too old", text)]
    if answer.implementation != "CPython":
        return [Lack("python", f"is {answer.implementation}", f"{path} is {answer.implementation}; only CPython is supported. {other}")]
    result = []
    for package in needs.packages:
        name, version = package.name, answer.packages.get(package.name)
        remedy = install_line(path, _quoted(package))
        failed = answer.loaded.get(name, {}).get("error", "")
        if version is None:
            result.append(Lack("package", f"no {name}", f"{path} ({answer.python}) has no {name}.", remedy))
        elif failed:
            result.append(Lack("broken", f"{name} {version}: {failed}", f"{name} {version} in {path} cannot be imported: {failed}"))
        elif package.since and version != "?" and _number(version) < _number(package.since):
            text = f"{name} {version} in {path} is too old: {package.since} or later is needed."
            result.append(Lack("version", f"{name} {version} is too old", text, remedy))
    return result


def install_line(path: str, package: str) -> str:
    """The line for a shell that installs a package, or the one that a module comes in, for an interpreter."""
    return f"{shlex.quote(path)} -m pip install {_DISTRIBUTIONS.get(package, package)}"


def _quoted(package: Package) -> str:
    name = package.install or package.name
    return f"'{name}>={package.since}'" if package.since else name


def _number(version: str) -> tuple[int, ...]:
    """The release of a version, as numbers: (2, 4, 1) of "2.4.1+cu121"."""
    return tuple(int(part) for part in _NUMBER.findall(version.partition("+")[0])[:3])


def described(answer: Answer, needs: Needs) -> str:
    """An interpreter that can run scripts, in words."""
    words = [f"Python {answer.python}"]
    for name in (*needs.names, *dict(needs.useful)):
        facts = answer.loaded.get(name, {})
        number = answer.packages.get(name)
        if number is None:
            words.append(f"no {name}")
        elif facts.get("error"):
            words.append(f"{name} {number} (cannot be imported: {facts['error']})")
        elif "gpus" in facts:
            gpus = ", ".join(facts["gpus"]) or (f"built for CUDA {facts['cuda']}, no GPU seen" if facts["cuda"] else "CPU only")
            words.append(f"{name} {number} ({gpus})")
        else:
            words.append(f"{name} {number}")
    return ", ".join(words)


def short(path: str) -> str:
    """A path as people write it."""
    home = os.path.expanduser("~") + os.sep
    return f"~{os.sep}{path[len(home) :]}" if path.startswith(home) else path
