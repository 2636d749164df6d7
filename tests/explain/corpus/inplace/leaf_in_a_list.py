# expect: inplace.leaf
import torch

weights = [torch.randn(3, 3, requires_grad=True) for _ in range(2)]
x = torch.randn(2, 3)
for w in weights:
    x = torch.tanh(x @ w)
x.sum().backward()
for w in weights:
    w.sub_(0.1 * w.grad)  #! changed
