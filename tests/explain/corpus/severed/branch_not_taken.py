# expect: severed.never-used
import torch
from torch import nn


class Router(nn.Module):
    def __init__(self):
        super().__init__()
        self.small = nn.Linear(4, 2)
        self.large = nn.Linear(4, 2)

    def forward(self, x):
        if x.shape[0] > 100:
            return self.large(x)
        return self.small(x)


net = Router()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(3):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(net(torch.randn(8, 4)), torch.zeros(8, 2))
    loss.backward()
    optimizer.step()
