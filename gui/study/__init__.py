"""What is worked out of the tape, and the user's ways through it."""
