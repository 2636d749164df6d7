# expect: freed.computed-once
import torch
import torch.nn.functional as F
from torch import nn

encoder = nn.Linear(6, 4)
optimizer = torch.optim.SGD(encoder.parameters(), lr=0.1)
support, queries = torch.randn(3, 5, 6), torch.randn(4, 2, 6)


def prototypes():
    return F.normalize(encoder(support).mean(1), dim=-1)


centers = prototypes()  #! ties
for query in queries:
    logits = F.normalize(encoder(query), dim=-1) @ centers.T  #! reused
    loss = F.cross_entropy(logits, torch.tensor([0, 1]))
    optimizer.zero_grad()
    loss.backward()  #! freed #! used
    optimizer.step()
