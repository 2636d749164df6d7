# expect: severed.not-in-optimizer
import torch
from torch import nn

net = nn.Sequential(nn.Linear(4, 8), nn.ReLU())
optimizer = torch.optim.Adam(net.parameters(), lr=0.01)  #! optimizer
net.append(nn.Linear(8, 2))
for _ in range(3):
    loss = nn.functional.cross_entropy(net(torch.randn(6, 4)), torch.randint(0, 2, (6,)))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
