# expect: inplace.saved-output
import torch


def model(x, w):
    h = torch.exp(x @ w)  #! saved
    v = h[0]
    v.add_(1.0)  #! changed
    return h.sum()


w = torch.randn(3, 3, requires_grad=True)
loss = model(torch.randn(2, 3), w)
loss.backward()  #! used
