# expect: nothing
import torch

meta = torch.randn(3, requires_grad=True)
optimizer = torch.optim.SGD([meta], lr=0.1)
for x, y in zip(torch.randn(2, 6, 3), torch.randn(2, 6), strict=True):
    fast = meta
    for _ in range(2):
        inner = (x @ fast - y).pow(2).mean()
        (grad,) = torch.autograd.grad(inner, fast, create_graph=True)
        fast = fast - 0.05 * grad
    outer = (x @ fast - y).pow(2).mean()
    optimizer.zero_grad()
    outer.backward()
    optimizer.step()
