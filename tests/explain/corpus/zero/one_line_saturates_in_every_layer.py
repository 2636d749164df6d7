# expect: zero.saturated
import torch
from torch import nn


class Gate(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(3, 3)

    def forward(self, x):
        return x + torch.sigmoid(self.inner(x * 1e6) * 1e3)  #! zero


net = nn.Sequential(Gate(), Gate(), Gate())
head = nn.Linear(3, 1)
optimizer = torch.optim.SGD([*net.parameters(), *head.parameters()], lr=0.1)
loss = head(net(torch.randn(4, 3))).pow(2).mean()
loss.backward()
optimizer.step()
