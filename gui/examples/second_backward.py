"""Example 5: backward twice through one graph.

A small recurrent network carries its hidden state from step to step, and the second backward() fails.

What to find: which nodes were freed by the first backward(), and which variable ties the two graphs together? Cutting it with
detach() makes each step its own graph; keeping all of it with retain_graph=True costs more memory at every step.
"""

import torch

torch.manual_seed(0)

w = (torch.randn(5, 5) * 0.3).requires_grad_()
inputs = torch.randn(3, 5)
hidden = torch.zeros(5)

for step in range(3):
    hidden = torch.tanh(hidden @ w + inputs[step])
    loss = (hidden**2).sum()
    loss.backward()
    print("step", step, "gradient", w.grad.norm())
