"""The first lines that run in a supervisor or a debuggee: make ``gradstep`` importable in any interpreter, then go on.

Run by its path, so that neither needs an installed gradstep: the debuggee may be any interpreter that the user has
chosen. Until its version is known, only words that every Python 3 since 3.6 understands.
"""

import json
import os
import struct
import sys

_PARTS = {"supervisor": "debug.supervisor", "relay": "remote.relay", "keeper": "remote.keeper"}


def refuse(descriptor: int, kind: str, text: str) -> None:
    """Says on the link why nothing was run (a frame of protocol.py, written by hand), and ends."""
    header = json.dumps({"type": "event", "event": "refused", "body": {"kind": kind, "message": text}}).encode()
    os.write(descriptor, struct.pack(">2sHII", b"GS", 1, len(header), 0) + header)
    sys.exit(1)


def check_interpreter(descriptor: int, least: str, packages: "list[str]") -> None:
    """Ends with a clear word where this interpreter cannot run the engine, which needs Python ``least`` and these packages."""
    import importlib.util
    import shlex

    version = ".".join(str(number) for number in sys.version_info[:3])
    if least and sys.version_info[:2] < tuple(int(word) for word in least.split(".")):
        text = f"{sys.executable} is Python {version}; {least} or later is needed. Choose another interpreter."
        refuse(descriptor, "interpreter", text)
    for package in packages:
        if importlib.util.find_spec(package) is None:
            text = f"No module named '{package}' in {sys.executable} ({version}). Scripts run in the interpreter that you choose: "
            line = f"{shlex.quote(sys.executable)} -m pip install {package.replace('_', '-')}"
            refuse(descriptor, "package", text + f"choose another one, or run: {line}")


def main() -> None:
    """``bootstrap.py supervisor SPEC READY`` (or ``relay``, ``keeper``) or ``bootstrap.py debuggee LINK LEAST PACKAGE...``; SPEC, READY
    and LINK are inherited descriptors."""
    part, words = sys.argv[1], sys.argv[2:]
    here = os.path.dirname(os.path.abspath(__file__))
    engine = os.path.dirname(here)
    if sys.path[0] == here:  # a user's module called protocol or session must not be looked for in this folder
        del sys.path[0]
    if part != "debuggee":
        import importlib
        import types

        # It is standard library only: it starts at once, and must not load what the engine's packages load.
        for name, folder in (("gradstep", os.path.dirname(engine)), ("gradstep.engine", engine)):
            package = types.ModuleType(name)
            package.__path__ = [folder]
            sys.modules[name] = package
        module = importlib.import_module("gradstep.engine." + _PARTS[part])
        sys.exit(module.main(int(words[0]), int(words[1])))
    descriptor = int(words[0])
    check_interpreter(descriptor, words[1], words[2:])
    house = os.path.join(engine, "shim", "house")
    if house not in sys.path:
        sys.path.insert(0, house)
    from gradstep.engine.debug import debuggee

    debuggee.main(descriptor)


if __name__ == "__main__":
    main()
