"""Models as users write them, each a file with ``run(torch, track)``: what it is given for ``torch`` trains it.

``track.begin(*modules)`` is called when the weights are made, ``track.step(loss, *modules)`` when gradients are there, before
the optimizer takes its step.
"""
