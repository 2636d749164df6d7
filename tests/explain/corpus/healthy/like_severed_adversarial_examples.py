# expect: nothing
import torch
from torch import nn

net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(3):
    x, y = torch.randn(6, 4), torch.randint(0, 2, (6,))
    x.requires_grad_(True)
    nn.functional.cross_entropy(net(x), y).backward()
    attacked = (x + 0.1 * x.grad.sign()).detach()
    optimizer.zero_grad()
    nn.functional.cross_entropy(net(attacked), y).backward()
    optimizer.step()
