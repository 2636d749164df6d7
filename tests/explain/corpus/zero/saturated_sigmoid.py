# expect: zero.saturated
import torch
from torch import nn

net = nn.Linear(3, 3)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
x = torch.randn(4, 3) * 1e5
p = torch.sigmoid(net(x) * 1e3)  #! zero
loss = (p - 0.5).pow(2).mean()
loss.backward()
optimizer.step()
