# expect: severed.cast
import torch
from torch import nn

net = nn.Linear(4, 1)
head = nn.Linear(1, 1)
optimizer = torch.optim.SGD([*net.parameters(), *head.parameters()], lr=0.1)
age = net(torch.randn(6, 4)).exp() * 10
years = age.long()  #! cut
loss = (head(years.float()) - 1.0).pow(2).mean()
loss.backward()
optimizer.step()
