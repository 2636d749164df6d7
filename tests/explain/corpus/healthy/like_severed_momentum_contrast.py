# expect: nothing
import torch
from torch import nn

query, key = nn.Linear(4, 3), nn.Linear(4, 3)
key.load_state_dict(query.state_dict())
for p in key.parameters():
    p.requires_grad = False
optimizer = torch.optim.SGD(query.parameters(), lr=0.1)
queue = nn.functional.normalize(torch.randn(3, 8), dim=0)
for _ in range(4):
    q = nn.functional.normalize(query(torch.randn(2, 4)), dim=1)
    with torch.no_grad():
        k = nn.functional.normalize(key(torch.randn(2, 4)), dim=1)
    logits = torch.cat([(q * k).sum(1, keepdim=True), q @ queue.clone().detach()], dim=1) / 0.2
    loss = nn.functional.cross_entropy(logits, torch.zeros(2, dtype=torch.long))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    queue = torch.cat([queue[:, 2:], k.t()], dim=1)
