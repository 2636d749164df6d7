"""Ways to a command: its keys and who may change them, the palette, quick open, the sheet of keys, help for a panel."""
