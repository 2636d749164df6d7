# expect: nothing
# The penalty keeps the pre-activation; the in-place ReLU overwrites it a line later.
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.relu = nn.ReLU(inplace=False)
        self.head = nn.Linear(8, 2)

    def forward(self, x):
        pre = self.conv(x)
        penalty = (pre**2).mean()
        features = self.relu(pre)
        return self.head(features.mean((2, 3))), penalty


net = Block()
out, penalty = net(torch.randn(2, 3, 6, 6))
loss = out.sum() + 0.1 * penalty
loss.backward()
