# expect: severed.copied
import torch
from torch import nn

net = nn.Linear(3, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
losses = []
for _ in range(3):
    out = net(torch.randn(2, 3))
    losses.append(out.pow(2).mean())
loss = torch.tensor(losses, requires_grad=True).mean()  #! cut
loss.backward()
optimizer.step()
