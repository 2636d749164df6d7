"""The first lines that run in a supervisor or a debuggee: make ``gradstep`` importable in any interpreter, then go on.

Run by its path, so that neither needs an installed gradstep: the debuggee may be any interpreter that the user has
chosen. Until its version is known, only words that every Python 3 since 3.6 understands.
"""

import json
import os
import struct
import sys


def refuse(descriptor: int, kind: str, text: str) -> None:
    """Says on the link why nothing was run (a frame of protocol.py, written by hand), and ends."""
    header = json.dumps({"type": "event", "event": "refused", "body": {"kind": kind, "message": text}}).encode()
    os.write(descriptor, struct.pack(">2sHII", b"GS", 1, len(header), 0) + header)
    sys.exit(1)


def check_interpreter(descriptor: int) -> None:
    """Ends with a clear word where this interpreter cannot run the engine."""
    import importlib.util

    version = ".".join(str(number) for number in sys.version_info[:3])
    if sys.version_info[:2] < (3, 11):  # noqa: UP036  (this file is run by whatever the user chose)
        text = f"{sys.executable} is Python {version}; gradstep needs 3.11 or later. Choose another interpreter."
        refuse(descriptor, "interpreter", text)
    if importlib.util.find_spec("numpy") is None:
        text = f"No module named 'numpy' in {sys.executable} ({version}). Scripts run in the interpreter that you choose: "
        refuse(descriptor, "numpy", text + f"choose another one, or run: {sys.executable} -m pip install numpy")


def main() -> None:
    """``bootstrap.py supervisor SPEC READY`` or ``bootstrap.py debuggee LINK``; the numbers are inherited descriptors."""
    part, descriptors = sys.argv[1], [int(word) for word in sys.argv[2:]]
    here = os.path.dirname(os.path.abspath(__file__))
    engine = os.path.dirname(here)
    if sys.path[0] == here:  # a user's module called protocol or session must not be looked for in this folder
        del sys.path[0]
    if part == "supervisor":
        import types

        # The supervisor is standard library only: it starts at once, and must not load what the engine's packages load.
        for name, folder in (("gradstep", os.path.dirname(engine)), ("gradstep.engine", engine)):
            package = types.ModuleType(name)
            package.__path__ = [folder]
            sys.modules[name] = package
        from gradstep.engine.debug import supervisor

        sys.exit(supervisor.main(*descriptors))
    check_interpreter(descriptors[0])
    house = os.path.join(engine, "shim", "house")
    if house not in sys.path:
        sys.path.insert(0, house)
    from gradstep.engine.debug import debuggee

    debuggee.main(*descriptors)


if __name__ == "__main__":
    main()
