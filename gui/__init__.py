"""The window of gradstep. Sees the tape and the client side of the debugger, never the engine."""

from .unread_sources import forget_sources

forget_sources()  # where PySide6 is there already
