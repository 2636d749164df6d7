# expect: severed.not-in-optimizer
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [nn.Linear(4, 4), nn.Linear(4, 4)]
        self.out = nn.Linear(4, 1)

    def forward(self, x):
        for layer in self.layers:
            x = torch.relu(layer(x))
        return self.out(x)


net = Net()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)  #! optimizer
for _ in range(2):
    optimizer.zero_grad()
    net(torch.randn(4, 4)).pow(2).sum().backward()
    optimizer.step()
