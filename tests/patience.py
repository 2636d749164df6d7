"""A bot that waits as long as a slow and busy machine needs; only who fails waits so long."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

PATIENCE = 60_000  # milliseconds; pytest-qt's own are 5,000, in which a busy machine may not even have started a process


class PatientBot(QtBot):
    """pytest-qt's bot, but for how long it waits where a test does not say it."""

    def __init__(self, request: pytest.FixtureRequest) -> None:
        super().__init__(request)
        bot: Any = self
        for name in ("waitSignal", "waitSignals", "waitUntil", "waitCallback", "waitExposed", "waitActive"):
            setattr(bot, name, partial(getattr(bot, name), timeout=PATIENCE))
