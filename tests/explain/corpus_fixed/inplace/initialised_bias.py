# expect: nothing
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 2)
        with torch.no_grad():
            self.fc.bias.fill_(0.1)

    def forward(self, x):
        return self.fc(x)


net = Net()
net(torch.randn(3, 4)).sum().backward()
