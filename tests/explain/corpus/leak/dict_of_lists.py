# expect: leak.collected
import torch
from torch import nn

net = nn.Linear(3, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
logs = {"loss": [], "lr": []}
for _ in range(8):
    loss = net(torch.randn(4, 3)).pow(2).sum()  #! kept
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    logs["loss"].append(loss)
    logs["lr"].append(0.01)
