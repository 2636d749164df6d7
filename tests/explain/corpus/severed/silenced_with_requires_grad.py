# expect: severed.no-grad
import torch
from torch import nn

net = nn.Linear(3, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(3):
    x, y = torch.randn(8, 3), torch.randn(8, 1)
    with torch.no_grad():
        prediction = net(x)  #! cut
        loss = nn.functional.mse_loss(prediction, y)
    loss.requires_grad_(True)  # makes the error go away, and the training too
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
