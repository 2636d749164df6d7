# expect: nothing
import torch
from torch import nn

net = nn.Linear(3, 1)
x, y = torch.randn(10, 3), torch.randn(10, 1)
optimizer = torch.optim.LBFGS(net.parameters(), lr=0.5, max_iter=5)


def closure():
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(net(x), y)
    loss.backward()
    return loss


for _ in range(3):
    optimizer.step(closure)
