# expect: nothing
import torch

w = torch.randn(3, 3, requires_grad=True)
h = torch.zeros(1, 3)
for _ in range(3):
    x = torch.randn(1, 3)
    h = torch.tanh(x @ w + h.detach())
    loss = h.sum()
    loss.backward()
