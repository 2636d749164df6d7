# expect: inplace.overwritten
import torch
from torch import nn


class Stateful(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.mix = nn.Linear(2 * width, width)
        self.state = torch.zeros(1, width)

    def forward(self, x):
        new = torch.tanh(self.mix(torch.cat([x, self.state], 1)))
        gated = new * self.state  #! saved
        self.state.copy_(new)  #! changed
        return gated


net = Stateful(3)
loss = sum(net(torch.randn(1, 3)).sum() for _ in range(3))
loss.backward()  #! used
