# expect: nothing
import torch
from torch import nn

table = nn.Embedding(6, 4)
proj = nn.Linear(4, 4)
score = nn.Linear(4, 1)
optimizer = torch.optim.SGD([*table.parameters(), *proj.parameters(), *score.parameters()], lr=0.1)
for _epoch in range(2):
    for edge in ([0, 1], [2, 3], [4, 5]):
        nodes = torch.tanh(proj(table.weight))
        pair = nodes[edge].prod(0)
        loss = score(pair).pow(2).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
