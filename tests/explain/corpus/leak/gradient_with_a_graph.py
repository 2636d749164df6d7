# expect: leak.grad-with-graph
import torch
from torch import nn

net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
for _ in range(8):
    x = torch.randn(4, 3)
    loss = net(x).pow(2).mean()
    loss.backward(create_graph=True)
    with torch.no_grad():
        for p in net.parameters():
            p -= 0.01 * p.grad.detach()
