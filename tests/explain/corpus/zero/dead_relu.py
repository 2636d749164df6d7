# expect: zero.relu
import torch
from torch import nn

net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
with torch.no_grad():
    net[0].bias.fill_(-100.0)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(3):
    optimizer.zero_grad()
    loss = (net(torch.randn(16, 4)) - 1).pow(2).mean()  #! zero
    loss.backward()
    optimizer.step()
