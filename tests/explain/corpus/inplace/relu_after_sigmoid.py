# expect: inplace.module
# nn.ReLU(inplace=True) writes over what the sigmoid before it keeps.
import torch
from torch import nn


class Gate(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.proj = nn.Linear(width, width)
        self.squash = nn.Sigmoid()
        self.act = nn.ReLU(inplace=True)

    def forward(self, x):
        x = self.proj(x)
        x = self.squash(x)  #! saved
        return self.act(x)  #! changed


net = Gate(6)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _step in range(3):
    optimizer.zero_grad()
    loss = net(torch.randn(4, 6)).pow(2).mean()
    loss.backward()  #! used
    optimizer.step()
