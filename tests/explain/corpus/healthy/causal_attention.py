# expect: nothing
import math

import torch
from torch import nn

dim = 4
qkv, out = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
optimizer = torch.optim.Adam([*qkv.parameters(), *out.parameters()], lr=1e-2)
mask = torch.triu(torch.ones(5, 5, dtype=torch.bool), 1)
for x in torch.randn(2, 3, 5, dim):
    q, k, v = qkv(x).split(dim, dim=-1)
    scores = q @ k.transpose(-2, -1) / math.sqrt(dim)
    scores = scores.masked_fill(mask, float("-inf"))
    loss = (out(torch.softmax(scores, -1) @ v) - x).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
