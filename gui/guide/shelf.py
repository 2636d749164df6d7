"""``gradstep examples``: scripts with a fault each, to learn with. What each is of, what is to be found in it, and copies of them.

    gradstep examples                     the list
    gradstep examples nan                 what is to be found, and how
    gradstep examples --copy learning/    all of them, to change and try; with names, those alone
    gradstep "$(gradstep examples nan --path)"       in the window

Works without a window installed. Exit codes: 0, 2 no such example, 73 a copy cannot be made; a file that is there is not written over.
"""

from __future__ import annotations

import argparse
import ast
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from .examples import EXAMPLES, FOLDER, task

USAGE, NOT_CREATED = 2, 73
_STEM, _NAME = 18, 34  # columns of the list


def command(argv: Sequence[str]) -> int:
    """The entry point of ``gradstep examples``."""
    arguments = _parser().parse_args(argv)
    known = {Path(file).stem: (file, name, about) for file, name, about in EXAMPLES}
    chosen = [Path(word).stem for word in arguments.names]
    for word, stem in zip(arguments.names, chosen, strict=True):
        if stem not in known:
            return _say(f"there is no example {word}; there are {', '.join(known)}", USAGE)
    shown = [known[stem] for stem in chosen or known]
    if arguments.copy:
        return _copy([file for file, _, _ in shown], Path(arguments.copy))
    if arguments.json:
        facts = [
            {"name": Path(file).stem, "title": name, "about": about, "task": task(_path(file)), "file": _path(file)}
            for file, name, about in shown
        ]
        print(json.dumps({"version": 1, "examples": facts}, indent=2))
    elif arguments.path:
        print("\n".join(_path(file) for file, _, _ in shown))
    elif chosen:
        print("\n\n".join(_told(file) for file, _, _ in shown))
    else:
        print("\n".join(f"{Path(file).stem:<{_STEM}}{name:<{_NAME}}{about}" for file, name, about in shown))
        print("\ngradstep examples NAME says what is to be found; gradstep examples --copy FOLDER copies them.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="gradstep examples", description=(__doc__ or "").replace("``", ""), formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", metavar="NAME", nargs="*", help="an example, or several (default: all)")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--copy", metavar="FOLDER", default="", help="copy them there; the folder is made where there is none")
    form.add_argument("--path", action="store_true", help="print where they are")
    form.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def _told(file: str) -> str:
    words = ast.get_docstring(ast.parse((FOLDER / file).read_text(encoding="utf-8"))) or ""
    return f"{words}\n\n    gradstep {_path(file)}\n    gradstep explain {_path(file)}"


def _path(file: str) -> str:
    return str(FOLDER / file)


def _copy(files: Sequence[str], folder: Path) -> int:
    there = [str(folder / file) for file in files if (folder / file).exists()]
    if there:
        return _say(f"{', '.join(there)}: there already; nothing was copied. Name another folder, or move them away", NOT_CREATED)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in files:
            with (folder / file).open("x", encoding="utf-8") as copy:
                copy.write((FOLDER / file).read_text(encoding="utf-8"))
            print(folder / file)
    except OSError as error:
        return _say(f"{error.filename or folder}: {error.strerror or error}; name a folder that can be written", NOT_CREATED)
    return 0


def _say(sentence: str, code: int) -> int:
    print(f"gradstep: {sentence}", file=sys.stderr)
    return code
