"""Plug-ins and exceptions that nobody caught: told, counted, switched off."""
