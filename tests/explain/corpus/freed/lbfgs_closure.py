# expect: freed.same-loss
import torch

w = torch.randn(3, requires_grad=True)
a, b = torch.randn(6, 3), torch.randn(6)
optimizer = torch.optim.LBFGS([w], max_iter=4)
loss = (a @ w - b).pow(2).sum()  #! made


def closure():
    optimizer.zero_grad()
    loss.backward()  #! freed #! used
    return loss


optimizer.step(closure)
