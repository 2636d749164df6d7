# expect: freed.shared-forward
import torch
from torch import nn

encoder = nn.Sequential(nn.Linear(3, 6), nn.Sigmoid())
heads = nn.ModuleList(nn.Linear(6, 1) for _ in range(3))
features = encoder(torch.randn(4, 3))
losses = [head(features).pow(2).mean() for head in heads]
for loss in losses:
    loss.backward()  #! freed #! used
