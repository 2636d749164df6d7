#!/usr/bin/env python3
"""Links ``build/typeroot/gradstep/...`` to the folders, as ``pyproject.toml`` maps them: ``python3 scripts/typeroot.py``.

Type checkers and other analysers do not know that ``engine/`` is ``gradstep.engine``; under ``build/typeroot`` they see it so.
Nothing uses these links at run time.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def link_folders(root: Path) -> Path:
    """Makes the links anew under ``root`` and returns the folder to give to a type checker."""
    package_dir: dict[str, str] = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["setuptools"]["package-dir"]
    top = root / "build" / "typeroot"
    # the root package is a real folder with links inside, because the other packages stand in it
    package = top / "gradstep"
    package.mkdir(parents=True, exist_ok=True)
    targets = {package / file.name: file for file in (root / package_dir["gradstep"]).iterdir() if file.is_file()}
    targets |= {top.joinpath(*name.split(".")): root / folder for name, folder in package_dir.items() if "." in name}
    for stale in set(package.iterdir()) - set(targets):
        stale.unlink()
    for link, target in targets.items():
        relative = os.path.relpath(target, link.parent)
        if not link.is_symlink() or os.readlink(link) != relative:
            link.unlink(missing_ok=True)
            link.symlink_to(relative, target_is_directory=target.is_dir())
    return top


if __name__ == "__main__":
    print(link_folders(ROOT))
