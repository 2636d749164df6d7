# expect: nothing
import torch
import torch.nn.functional as F
from torch import nn

encoder = nn.Linear(6, 4)
optimizer = torch.optim.SGD(encoder.parameters(), lr=0.1)
support, queries = torch.randn(3, 5, 6), torch.randn(4, 2, 6)


def prototypes():
    return F.normalize(encoder(support).mean(1), dim=-1)


for query in queries:
    centers = prototypes()
    logits = F.normalize(encoder(query), dim=-1) @ centers.T
    loss = F.cross_entropy(logits, torch.tensor([0, 1]))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
