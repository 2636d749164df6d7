"""Convolution, batch norm, pooling of both kinds, a residual connection."""

import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(0)
first, second = nn.Conv2d(3, 6, 3, padding=1), nn.Conv2d(6, 6, 3, padding=1, groups=2, bias=False)
norm, last = nn.BatchNorm2d(6), nn.Linear(6, 3)
for _ in range(2):
    x = F.relu(norm(first(torch.randn(4, 3, 8, 8))))
    y = F.max_pool2d(F.relu(second(x)) + x, 2)
    y = F.avg_pool2d(F.interpolate(y, scale_factor=2, mode="bilinear", align_corners=False), 2)
    z = F.adaptive_avg_pool2d(y, 1).flatten(1)
    F.cross_entropy(last(z), torch.tensor([0, 1, 2, 0])).backward()
