# expect: nothing
import copy

import torch
from torch import nn

student = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))
teacher = copy.deepcopy(student)
optimizer = torch.optim.Adam(student.parameters(), lr=1e-2)
for x in torch.randn(3, 5, 4):
    with torch.no_grad():
        target = teacher(x + 0.1 * torch.randn_like(x))
    loss = (student(x) - target).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for t, s in zip(teacher.parameters(), student.parameters(), strict=False):
            t.mul_(0.99).add_(s, alpha=0.01)
