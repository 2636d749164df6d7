# expect: nothing
import torch
from torch import nn

q, k, v = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 4)
optimizer = torch.optim.Adam([*q.parameters(), *k.parameters(), *v.parameters()])
for _ in range(2):
    x = torch.randn(2, 3, 4)
    scores = q(x) @ k(x).transpose(1, 2) / 2.0
    mask = torch.triu(torch.ones(3, 3, dtype=torch.bool), diagonal=1)
    weights = torch.softmax(scores.masked_fill(mask, float("-inf")), dim=-1)
    loss = (weights @ v(x) - 1).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
