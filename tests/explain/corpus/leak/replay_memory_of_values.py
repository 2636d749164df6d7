# expect: leak.collected
import torch
from torch import nn

torch.manual_seed(0)
value = nn.Linear(4, 1)
opt = torch.optim.SGD(value.parameters(), lr=0.01)
memory = []
for _ in range(30):
    s = torch.randn(16, 4)
    v = value(s)  #! kept
    memory.append((s, v))
    loss = (v - 1).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
print(len(memory))
