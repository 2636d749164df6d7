# expect: nothing
import torch
from torch import nn

trunk, a, b = nn.Sequential(nn.Linear(4, 8), nn.Tanh()), nn.Linear(8, 1), nn.Linear(8, 3)
optimizer = torch.optim.Adam([*trunk.parameters(), *a.parameters(), *b.parameters()], lr=1e-2)
for _ in range(3):
    h = trunk(torch.randn(6, 4))
    loss_a = a(h).pow(2).mean()
    loss_b = nn.functional.cross_entropy(b(h), torch.randint(0, 3, (6,)))
    optimizer.zero_grad()
    loss_a.backward(retain_graph=True)
    loss_b.backward()
    optimizer.step()
