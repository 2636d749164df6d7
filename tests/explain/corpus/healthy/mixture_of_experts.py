# expect: nothing
import torch
from torch import nn

gate, experts = nn.Linear(4, 3), nn.ModuleList(nn.Linear(4, 4) for _ in range(3))
optimizer = torch.optim.Adam([*gate.parameters(), *experts.parameters()], lr=1e-2)
for x in torch.randn(3, 16, 4):
    weights = torch.softmax(gate(x), -1)
    out = torch.stack([expert(x) for expert in experts], 1)
    y = (weights.unsqueeze(-1) * out).sum(1)
    balance = (weights.mean(0) * torch.log(weights.mean(0) + 1e-9)).sum()
    loss = (y - x.flip(1)).pow(2).mean() + 0.01 * balance
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
