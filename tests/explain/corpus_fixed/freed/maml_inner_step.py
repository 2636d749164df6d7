# expect: nothing
import torch

w = torch.randn(3, requires_grad=True)
x, y = torch.randn(8, 3), torch.randn(8)
inner = (x @ w - y).pow(2).mean()
(grad,) = torch.autograd.grad(inner, w, create_graph=True)
fast = w - 0.1 * grad
outer = (x @ fast - y).pow(2).mean() + 0.1 * inner
outer.backward()
