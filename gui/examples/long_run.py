"""Example 9: a long run.

A recurrent network learns to add up a series, through 160 steps of training and some 100,000 events. For two thirds of the
run all is well, then the loss grows by the hundredfold within three steps and is NaN for ever.

What to find: the NaN is only the end of it. "Stop at the First NaN or Infinity" (menu Breakpoints) and F5 run to the step in
which the numbers overflow; "Gradient Flow" shows how the norm of remember.weight grew over the steps before. Which matrix is
multiplied by itself twenty times in every backward pass, and in which step did its gradient begin to explode?
"""

import torch
from torch import nn

torch.manual_seed(0)


class Adder(nn.Module):
    """A recurrent network without any squashing: its state is what it remembers plus what it reads."""

    def __init__(self):
        super().__init__()
        self.remember = nn.Linear(4, 4, bias=False)
        self.take = nn.Linear(1, 4)
        self.read = nn.Linear(4, 1)

    def forward(self, series):
        state = torch.zeros(series.shape[1], 4)
        for value in series:
            state = self.remember(state) + self.take(value)
        return self.read(state)


model = Adder()
optimizer = torch.optim.SGD(model.parameters(), lr=0.001)

for step in range(160):
    series = torch.randn(20, 16, 1)
    loss = nn.functional.mse_loss(model(series), series.sum(dim=0))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 10 == 0 or step > 140:
        print(f"step {step}: loss {loss.item():.4g}, largest gradient of remember {model.remember.weight.grad.abs().max().item():.4g}")
