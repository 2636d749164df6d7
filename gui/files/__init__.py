"""What is opened, kept and written: scripts and tapes, settings, notes, recovery, pictures."""
