import torch
from torch import nn

torch.manual_seed(0)
online, target = nn.Linear(4, 4), nn.Linear(4, 4)
opt = torch.optim.SGD(online.parameters(), lr=0.1)
x = torch.randn(8, 4, requires_grad=True)
prediction = online(x)
goal = target(x)
loss = (prediction - goal.detach()).pow(2).mean()
loss.backward()
opt.step()
with torch.no_grad():
    for p, q in zip(online.parameters(), target.parameters(), strict=True):
        q.mul_(0.99).add_(p, alpha=0.01)
