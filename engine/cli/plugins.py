"""List plug-ins, and switch them on or off. A plug-in is a package that is installed beside gradstep; what it gives is read from its
metadata without running it. One that is on runs with your rights, inside gradstep.

    gradstep plugins                    all that are installed
    gradstep plugins on my-package      use it from now on
    gradstep plugins off my-package
    gradstep plugins off gradstep/layouts/multipartite     one feature alone

Exit codes: 0, 2 there is no such package or feature, 73 the choice cannot be kept."""

from __future__ import annotations

import argparse
import json

from ..extensions.catalogue import Feature, features
from ..extensions.switches import Switches
from .command import Command, Exit, Failed, say


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("word", nargs="?", choices=("list", "on", "off"), default="list")
    parser.add_argument("name", nargs="?", help="a package, or one feature of it: package/kind/name")


def _run(args: argparse.Namespace) -> int:
    switches, installed = Switches(), features()
    if args.word != "list":
        if not args.name:
            raise Failed(f"gradstep plugins {args.word} PACKAGE: which one? `gradstep plugins` lists them", Exit.USAGE)
        _switch(switches, installed, args.name, args.word == "on")
        installed = [feature for feature in installed if args.name in (feature.package, feature.id)]
    if switches.problem:
        say(switches.problem)
    print(json.dumps(_as_json(switches, installed), indent=2) if args.json else _text(switches, installed))
    return Exit.NOT_CREATED if switches.problem and args.word != "list" else Exit.OK


def _switch(switches: Switches, installed: list[Feature], name: str, on: bool) -> None:
    for feature in installed:
        if feature.id == name:
            if on and feature.refused:
                raise Failed(f"{name} cannot be used: {feature.refused}", Exit.USAGE)
            switches.switch(feature, on)
            return
    if name not in {feature.package for feature in installed}:
        raise Failed(f"no installed package called {name} has anything for gradstep; `gradstep plugins` lists those that have", Exit.USAGE)
    if name == "gradstep":
        raise Failed("gradstep's own features are switched one by one: gradstep plugins off gradstep/layouts/multipartite", Exit.USAGE)
    switches.switch_package(name, on)


def _as_json(switches: Switches, installed: list[Feature]) -> dict[str, object]:
    return {
        "version": 1,
        "safe_mode": switches.safe,
        "features": [
            {
                "id": feature.id, "package": feature.package, "package_version": feature.version, "summary": feature.summary,
                "kind": feature.kind, "name": feature.name, "value": feature.value, "on": switches.is_on(feature),
                "reason": switches.reason(feature),
            }
            for feature in installed
        ],
    }  # fmt: skip


def _text(switches: Switches, installed: list[Feature]) -> str:
    lines: list[str] = ["safe mode: only gradstep's own are loaded", ""] if switches.safe else []
    package = ""
    for feature in installed:
        if feature.package != package:
            package = feature.package
            lines.append(f"{package} {feature.version}  {feature.summary}".rstrip())
        reason = switches.reason(feature)
        lines.append(f"    {'on ' if not reason else 'off'}  {feature.id:<44} {feature.kind}{f'  ({reason})' if reason else ''}")
    return "\n".join(lines)


COMMAND = Command("plugins", __doc__, _arguments, _run)
