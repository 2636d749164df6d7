# expect: leak.collected
import torch
from torch import nn

net = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2))
optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
history = {}
for step in range(8):
    out = net(torch.randn(4, 3))  #! kept
    loss = nn.functional.cross_entropy(out, torch.randint(0, 2, (4,)))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    history[step] = out
