#!/usr/bin/env python3
"""Opens gradstep on a script, stopped at the first node of its backward: ``python3 scripts/run.py [SCRIPT]``.

Without SCRIPT a bundled example is opened. The first time, everything that is needed is installed into ``.venv`` beside this
folder. Where there is no display the same job is done without one, and leaves a tape, a list of the steps and a picture of
the window in ``gradstep-out``. Further arguments go to the window.
"""

from __future__ import annotations

import sys

import environment


def main(arguments: list[str]) -> None:
    if {"-h", "--help"} & set(arguments):
        print(__doc__.strip())
        return
    environment.prepare({"gui"})
    variables = environment.run_environment()
    if not environment.has_display():
        variables["QT_QPA_PLATFORM"] = "offscreen"
        if "--headless-report" not in arguments:
            folder = environment.ROOT / "gradstep-out"
            environment.say(f"there is no display here: doing the same job without one, into {folder}")
            arguments = [*arguments, "--headless-report", str(folder)]
    environment.execute(["-m", "gradstep.gui", *arguments], variables)


if __name__ == "__main__":
    main(sys.argv[1:])
