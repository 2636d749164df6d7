"""What runs a script: the engine and the interpreter, found, checked, chosen, and what is said where they will not do."""
