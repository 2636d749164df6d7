"""Plug-ins: what is installed, what is switched on, and calls that cannot take the caller down. Standard library only."""
