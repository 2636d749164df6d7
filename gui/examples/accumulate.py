"""Example 6: gradients that pile up.

Training begins well and then runs away. Every gradient is right, and so is every line of the model.

What to find: select the AccumulateGrad of w and look at "Contributions". How many passes are in its .grad when the optimizer
takes its third step? "Gradient Flow" shows the same from afar.
"""

import torch

torch.manual_seed(0)

x = torch.randn(32, 3)
y = x @ torch.tensor([1.0, -2.0, 0.5])
w = torch.zeros(3, requires_grad=True)
optimizer = torch.optim.SGD([w], lr=0.3)

for step in range(6):
    loss = ((x @ w - y) ** 2).mean()
    loss.backward()
    optimizer.step()  # and where is zero_grad()?
    print("step", step, "loss", loss.item(), "norm of .grad", w.grad.norm().item())
