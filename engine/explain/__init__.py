"""Explanations: readers of a tape that say what went wrong, where, and what to do."""
