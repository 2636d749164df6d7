# expect: severed.not-in-optimizer
import torch
from torch import nn

net = nn.Linear(4, 2)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)  #! optimizer
net.weight = nn.Parameter(torch.zeros(2, 4))
for _ in range(2):
    optimizer.zero_grad()
    (net(torch.randn(3, 4)) - 1).pow(2).mean().backward()
    optimizer.step()
