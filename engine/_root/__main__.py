"""``python -m gradstep`` is ``gradstep``."""

from gradstep.engine.cli.main import main

raise SystemExit(main())
