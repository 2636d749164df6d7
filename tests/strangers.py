"""A stranger's package for tests of plug-ins: sources and metadata in a folder, as pip leaves them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def install(
    folder: Path, source: str, points: Mapping[str, Mapping[str, str]], *, name: str = "my-package", module: str = "my_package"
) -> None:
    """Lay a package with one module down in ``folder``. ``points``: group -> name -> value."""
    (folder / f"{module}.py").write_text(source, encoding="utf-8")
    info = folder / f"{module}-1.2.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\nSummary: What a stranger made\n", encoding="utf-8")
    lines = [line for group, entries in points.items() for line in (f"[{group}]", *(f"{key} = {value}" for key, value in entries.items()))]
    (info / "entry_points.txt").write_text("\n".join([*lines, ""]), encoding="utf-8")
