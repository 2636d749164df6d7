# expect: freed.computed-once
import torch
from torch import nn

table = nn.Embedding(6, 4)
proj = nn.Linear(4, 4)
score = nn.Linear(4, 1)
optimizer = torch.optim.SGD([*table.parameters(), *proj.parameters(), *score.parameters()], lr=0.1)
nodes = torch.tanh(proj(table.weight))  #! ties
for _epoch in range(2):
    for edge in ([0, 1], [2, 3], [4, 5]):
        pair = nodes[edge].prod(0)  #! reused
        loss = score(pair).pow(2).sum()
        optimizer.zero_grad()
        loss.backward()  #! freed #! used
        optimizer.step()
