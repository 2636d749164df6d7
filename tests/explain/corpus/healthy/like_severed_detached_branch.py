# expect: nothing
import torch
from torch import nn

left, right = nn.Linear(4, 3), nn.Linear(3, 3)
optimizer = torch.optim.SGD([*left.parameters(), *right.parameters()], lr=0.05)
for _ in range(3):
    a, b = left(torch.randn(5, 4)), left(torch.randn(5, 4))
    stopped = nn.functional.mse_loss(right(a), b.detach()) + nn.functional.mse_loss(right(b), a.detach())
    optimizer.zero_grad()
    stopped.backward()
    optimizer.step()
    print(stopped.detach().numpy(), a.argmax(-1).tolist())
