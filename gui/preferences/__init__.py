"""What the user can set: one table, where it is kept, where it takes effect, and the window in which it is set."""
