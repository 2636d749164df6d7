"""``python -m gradstep.gui``."""

import sys

from .app import main

sys.exit(main())
