# expect: freed.already-done
import torch
from torch import nn

net = nn.Linear(4, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
losses = []
for x in torch.randn(3, 5, 4):
    loss = net(x).pow(2).mean()  #! ties
    optimizer.zero_grad()
    loss.backward()  #! freed
    optimizer.step()
    losses.append(loss)
total = torch.stack(losses).mean()  #! reused
total.backward()  #! used
