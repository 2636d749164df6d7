# expect: nothing
import torch

w = torch.zeros(3, requires_grad=True)
a, b = torch.randn(6, 3), torch.randn(6)
optimizer = torch.optim.LBFGS([w], max_iter=4)


def closure():
    optimizer.zero_grad()
    loss = (a @ w - b).pow(2).sum()
    loss.backward()
    return loss


for _ in range(2):
    optimizer.step(closure)
