"""The window of gradstep. Sees the tape and the client side of the debugger, never the engine."""
