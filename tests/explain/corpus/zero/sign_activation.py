# expect: zero.flat
import torch
from torch import nn


class BinaryNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 6)
        self.b = nn.Linear(6, 1)

    def forward(self, x):
        return self.b(torch.sign(self.a(x)))  #! zero


net = BinaryNet()
loss = net(torch.randn(4, 4)).pow(2).mean()
loss.backward()
