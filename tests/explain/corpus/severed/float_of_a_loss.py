# expect: severed.item
import torch
from torch import nn

net = nn.Linear(3, 1)
other = nn.Linear(3, 1)
optimizer = torch.optim.SGD([*net.parameters(), *other.parameters()], lr=0.1)
x = torch.randn(4, 3)
main = net(x).pow(2).mean()
extra = float(other(x).pow(2).mean())  #! cut
loss = main + 0.1 * extra
loss.backward()
optimizer.step()
