# expect: inplace.no-grad-update
import torch
from torch import nn

student, teacher = nn.Linear(4, 4), nn.Linear(4, 4)


def sync(target, source):
    with torch.no_grad():
        for t, s in zip(target.parameters(), source.parameters(), strict=False):
            t.copy_(s)  #! changed


x = torch.randn(3, 4, requires_grad=True)
loss = torch.relu(student(x)).sum()  #! saved
sync(student, teacher)
loss.backward()  #! used
print(x.grad.norm())
