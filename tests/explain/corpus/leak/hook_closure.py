# expect: leak.collected
import torch
from torch import nn

net = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 1))
activations = []


def keep(module, inputs, output):
    activations.append(output)


net[0].register_forward_hook(keep)
optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
for _ in range(8):
    loss = net(torch.randn(2, 4)).sum()  #! kept
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
