"""PyTorch as an engine under the debugger: the user's own script, in the user's own interpreter, on the PyTorch that is there."""
