# expect: severed.detach
import torch
from torch import nn


class Quantised(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(3, 4))
        self.bias = nn.Parameter(torch.zeros(3))

    def forward(self, x):
        rounded = torch.round(self.weight.detach() * 8) / 8  #! cut
        return nn.functional.linear(x, rounded, self.bias)


net = Quantised()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
net(torch.randn(2, 4)).pow(2).sum().backward()
optimizer.step()
