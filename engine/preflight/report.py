"""What the preflight of a script found."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .modules import sources
from .names import NEED_TORCH, advice, first_missing, lacking_methods
from .scan import Import, uses


@dataclass(frozen=True, slots=True)
class Finding:
    """A name that the engine lacks. ``kind``: "missing"; "maybe" for a method of what may not be a tensor; "package" for
    another package that needs PyTorch itself."""

    kind: str
    file: str
    line: int
    column: int
    name: str
    hint: str

    def text(self) -> str:
        """One line, as compilers write them."""
        where = f"{self.file}:{self.line}:{self.column}"
        what = {"missing": f"{self.name} is not there", "maybe": f"{self.name} is not there, if this is a tensor"}.get(
            self.kind, f"{self.name} needs PyTorch itself"
        )
        return f"{where}: {what}" + (f"; {self.hint}" if self.hint else "")


@dataclass(frozen=True, slots=True)
class Preflight:
    """All findings in a script and its modules, in the order of the files; how many names of torch it uses."""

    files: tuple[str, ...]
    names: int
    findings: tuple[Finding, ...]

    @property
    def missing(self) -> int:
        """How many findings are certain."""
        return sum(finding.kind != "maybe" for finding in self.findings)

    def as_json(self) -> dict[str, Any]:
        """For programs; stable."""
        return {"files": list(self.files), "names": self.names, "missing": self.missing, "findings": [asdict(f) for f in self.findings]}


def imported(script: Path) -> list[tuple[str, Import]]:
    """The modules that a script and its own modules import without being ready to go on without them, each once, with the file; not
    those that lie beside the script.

    Raises SyntaxError and OSError as ``preflight`` does."""
    root, found = script.resolve().parent, {}
    for path, tree in sources(script):
        for use in uses(tree):
            if not isinstance(use, Import) or use.name in found or use.name == "__main__":
                continue
            if not (root / f"{use.name}.py").is_file() and not (root / use.name).is_dir():
                found[use.name] = (_shown(path, script), use)
    return list(found.values())


def preflight(script: Path) -> Preflight:
    """Look a script up.

    Raises SyntaxError where it, or a module of its folder, cannot be parsed, and OSError where it cannot be read.
    """
    files, findings, names = [], [], set()
    lacking = lacking_methods()
    for path, tree in sources(script):
        shown = _shown(path, script)
        files.append(shown)
        for use in uses(tree):
            if isinstance(use, Import):
                if use.name in NEED_TORCH:
                    findings.append(Finding("package", shown, use.line, use.column, use.name, NEED_TORCH[use.name]))
                continue
            if use.method:
                name = use.path.rpartition(".")[2]
                if name in lacking:
                    kind = "missing" if use.certain else "maybe"
                    findings.append(Finding(kind, shown, use.line, use.column, f"Tensor.{name}", advice(use.path)))
                continue
            names.add(use.path)
            absent = first_missing(use.path)
            if absent is not None:
                findings.append(Finding("missing", shown, use.line, use.column, use.path, advice(absent)))
    return Preflight(tuple(files), len(names), tuple(findings))


def _shown(path: Path, script: Path) -> str:
    """The path as the user spelled the script's folder."""
    folder = script.resolve().parent
    return str(script.parent / path.relative_to(folder)) if path.is_relative_to(folder) else str(path)
