# expect: nothing
import torch
from torch import nn


class SqueezeExcite(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.fc = nn.Sequential(nn.Linear(channels, 16), nn.ReLU(), nn.Linear(16, channels), nn.Sigmoid())

    def forward(self, x):
        scale = self.fc(x.mean((2, 3)))
        scale = scale * 2.0
        return x * scale[:, :, None, None]


net = nn.Sequential(nn.Conv2d(3, 4, 1), SqueezeExcite(4))
net(torch.randn(2, 3, 4, 4)).mean().backward()
