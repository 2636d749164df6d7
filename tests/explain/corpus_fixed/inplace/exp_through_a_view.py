# expect: nothing
import torch


def model(x, w):
    h = torch.exp(x @ w)
    v = h[0]
    v = v.add(1.0)
    return h.sum() + v.sum()


w = torch.randn(3, 3, requires_grad=True)
loss = model(torch.randn(2, 3), w)
loss.backward()
