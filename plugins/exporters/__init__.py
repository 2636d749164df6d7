"""Graphs of a tape as files that other programs read."""
