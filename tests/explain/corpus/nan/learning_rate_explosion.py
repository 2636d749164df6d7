# expect: nan.overflow
import torch
from torch import nn

torch.manual_seed(1)
net = nn.Linear(4, 1, bias=False)
optimizer = torch.optim.SGD(net.parameters(), lr=1e6)
x, y = torch.randn(16, 4), torch.randn(16, 1)
for _ in range(20):
    loss = (net(x) - y).pow(2).mean()  #! born
    optimizer.zero_grad()
    loss.backward()  #! used
    optimizer.step()
