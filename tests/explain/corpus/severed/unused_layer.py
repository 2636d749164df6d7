# expect: severed.never-used
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 4)
        self.second = nn.Linear(4, 4)
        self.out = nn.Linear(4, 1)

    def forward(self, x):
        x = torch.relu(self.first(x))
        return self.out(x)


net = Net()
optimizer = torch.optim.Adam(net.parameters())
loss = net(torch.randn(6, 4)).square().mean()
loss.backward()
optimizer.step()
for name, p in net.named_parameters():
    print(name, p.grad is None)
