# expect: severed.not-in-optimizer
import torch
from torch import nn


class Prompt(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens = {"a": nn.Parameter(torch.randn(4)), "b": nn.Parameter(torch.randn(4))}
        self.mix = nn.Linear(4, 2)

    def forward(self, which):
        return self.mix(self.tokens[which])


net = Prompt()
optimizer = torch.optim.Adam(net.parameters(), lr=0.1)  #! optimizer
for which in "ab":
    optimizer.zero_grad()
    net(which).pow(2).sum().backward()
    optimizer.step()
