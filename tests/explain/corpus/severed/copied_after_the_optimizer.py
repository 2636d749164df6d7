# expect: severed.not-in-optimizer
import copy

import torch
from torch import nn

net = nn.Linear(3, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)  #! optimizer
net = copy.deepcopy(net)
for _ in range(2):
    optimizer.zero_grad()
    loss = net(torch.randn(5, 3)).pow(2).mean()
    loss.backward()
    optimizer.step()
