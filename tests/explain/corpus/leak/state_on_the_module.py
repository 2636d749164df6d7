# expect: leak.carried
import torch
from torch import nn


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.Linear(3, 4)
        self.state = torch.zeros(1, 4)

    def forward(self, x):
        self.state = 0.5 * self.state + self.cell(x)  #! kept
        return self.cell(x).pow(2).mean()


net = Recurrent()
optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
for _ in range(8):
    loss = net(torch.randn(1, 3))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
