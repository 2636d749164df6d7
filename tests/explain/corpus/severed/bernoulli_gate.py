# expect: severed.sampled
import torch
from torch import nn

gate = nn.Linear(3, 3)
out = nn.Linear(3, 1)
optimizer = torch.optim.SGD([*gate.parameters(), *out.parameters()], lr=0.1)
x = torch.randn(4, 3)
p = torch.sigmoid(gate(x))
keep = torch.multinomial(p, 2)  #! cut
loss = out(x.gather(1, keep).sum(1, keepdim=True).expand(4, 3)).pow(2).sum()
loss.backward()
optimizer.step()
