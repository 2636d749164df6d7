# expect: nothing
import torch
from torch import nn

body, head = nn.Linear(4, 4), nn.Linear(4, 2)
optimizer = torch.optim.SGD([*body.parameters(), *head.parameters()], lr=0.1)
body.requires_grad_(False)
for epoch in range(4):
    if epoch == 2:
        body.requires_grad_(True)
    loss = nn.functional.cross_entropy(head(body(torch.randn(6, 4)).tanh()), torch.randint(0, 2, (6,)))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
