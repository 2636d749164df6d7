# expect: nothing
# A derived weight is computed when the module is made, not when it is called.
import torch
from torch import nn


class Centered(nn.Module):
    def __init__(self):
        super().__init__()
        self.raw = nn.Parameter(torch.randn(3, 4))

    def forward(self, x):
        weight = self.raw / self.raw.norm(dim=1, keepdim=True)
        return x @ weight.T


net = Centered()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for x in torch.randn(3, 2, 4):
    optimizer.zero_grad()
    loss = net(x).pow(2).mean()
    loss.backward()
    optimizer.step()
