# expect: nothing
import torch

w = torch.zeros(3, requires_grad=True)
x, y = torch.randn(10, 3), torch.randn(10)
for _ in range(3):
    loss = (x @ w - y).pow(2).mean()
    loss.backward()
    with torch.no_grad():
        w -= 0.1 * w.grad
    w.grad.zero_()
