# expect: inplace.no-grad-update
# The weights are updated before the second loss, which was computed with the old ones.
import torch

w1 = torch.randn(4, 8, requires_grad=True)
w2 = torch.randn(8, 1, requires_grad=True)
x, y, aux = torch.randn(6, 4), torch.randn(6, 1), torch.randn(6, 1)
pred = torch.tanh(x @ w1) @ w2  #! saved
loss = (pred - y).pow(2).mean()
aux_loss = (pred - aux).abs().mean()
loss.backward(retain_graph=True)
with torch.no_grad():
    w1 -= 0.1 * w1.grad
    w2 -= 0.1 * w2.grad  #! changed
aux_loss.backward()  #! used
