# expect: severed.reassigned-leaf
import torch

x = torch.randn(8, 3)
w = torch.randn(3, requires_grad=True) * 0.1  #! made
for _ in range(2):
    loss = (x @ w).pow(2).mean()
    loss.backward()
    with torch.no_grad():
        if w.grad is not None:  #! used
            w -= 0.1 * w.grad
    break
