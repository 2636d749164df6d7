"""The program that is debugged, seen from the window: its session, breakpoints, watches and experiments."""
