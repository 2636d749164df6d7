# expect: nothing
import copy

import torch
from torch import nn

student = nn.Linear(4, 3)
teacher = copy.deepcopy(student)
optimizer = torch.optim.SGD(student.parameters(), lr=0.1)
for _ in range(4):
    x = torch.randn(5, 4)
    loss = nn.functional.mse_loss(student(x), teacher(x + 0.1).detach())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for slow, fast in zip(teacher.parameters(), student.parameters(), strict=True):
            slow.mul_(0.9).add_(fast, alpha=0.1)
