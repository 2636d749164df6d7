"""The files that belong to a script: itself, and what it imports from its own folder, directly or not."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path


def sources(script: Path) -> Iterator[tuple[Path, ast.Module]]:
    """The script and its modules, parsed, each once.

    Raises SyntaxError (which knows the file) where one cannot be parsed, and OSError where the script cannot be read.
    """
    root = script.resolve().parent
    waiting, seen = [script.resolve()], {script.resolve()}
    while waiting:
        path = waiting.pop(0)
        tree = ast.parse(path.read_bytes(), str(path))
        yield path, tree
        for found in _imported(tree, path, root):
            if found not in seen:
                seen.add(found)
                waiting.append(found)


def _imported(tree: ast.Module, path: Path, root: Path) -> Iterator[Path]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _files(root, alias.name.split("."))
        elif isinstance(node, ast.ImportFrom):
            base = root
            for _ in range(node.level):
                base = path.parent if base is root else base.parent
            parts = node.module.split(".") if node.module else []
            yield from _files(base, parts)
            for alias in node.names:  # it may be a module of the package
                yield from _files(base, [*parts, alias.name], strict=True)


def _files(base: Path, parts: list[str], strict: bool = False) -> Iterator[Path]:
    """The files of a dotted name below a folder: the packages on the way and the module. strict: only the last."""
    for end in range(len(parts) if strict else 1, len(parts) + 1):
        place = base.joinpath(*parts[:end])
        for file in (place.with_suffix(".py"), place / "__init__.py"):
            if parts[:end] and file.is_file():
                yield file.resolve()
                break
