# expect: nothing
import torch
from torch import nn

net, head = nn.Linear(3, 4), nn.Linear(4, 1)
hidden = torch.tanh(net(torch.randn(2, 3)))
hidden.retain_grad()
head(hidden).sum().backward()
print(hidden.grad.norm())
