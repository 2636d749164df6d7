# expect: nan.data
# element: [3, 1]
import torch
from torch import nn

table = torch.arange(12.0).reshape(4, 3)
table[3, 1] = float("nan")
net = nn.Linear(3, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=1e-3)
loss = net(table).pow(2).mean()  #! read
loss.backward()  #! used
optimizer.step()
