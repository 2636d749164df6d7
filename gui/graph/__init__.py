"""The middle of the window: which graph is drawn, how it is arranged, and what helps to read it."""
