# expect: zero.masked
import torch
from torch import nn

net = nn.Linear(3, 3)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
labels = torch.full((4, 3), -100)
out = net(torch.randn(4, 3))
valid = labels != -100
loss = torch.where(valid, out, torch.zeros_like(out)).pow(2).sum()  #! zero
loss.backward()
optimizer.step()
