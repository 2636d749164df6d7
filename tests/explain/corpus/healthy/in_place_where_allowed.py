# expect: nothing
# In-place changes of values that no node keeps.
import torch
import torch.nn.functional as F
from torch import nn


class Residual(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(c, c, 3, padding=1, bias=False), nn.BatchNorm2d(c)
        self.conv2, self.bn2 = nn.Conv2d(c, c, 3, padding=1, bias=False), nn.BatchNorm2d(c)

    def forward(self, x):
        out = F.relu(self.bn1(self.conv1(x)), inplace=True)
        out = self.bn2(self.conv2(out))
        out += x
        return F.relu_(out)


net = nn.Sequential(nn.Conv2d(1, 4, 3), Residual(4), Residual(4))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for x in torch.randn(2, 2, 1, 6, 6):
    onehot = torch.zeros(2, 4)
    onehot[torch.arange(2), torch.tensor([1, 2])] = 1
    loss = 0
    loss += (net(x).mean((2, 3)) - onehot).pow(2).mean()
    loss /= 2
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
