# expect: freed.computed-once
# expect: severed.non-leaf
import torch

torch.manual_seed(0)
scales = torch.ones(4, requires_grad=True).double() * 0.5
bias = torch.zeros(4, dtype=torch.float64, requires_grad=True)
x = torch.randn(16, 4, dtype=torch.float64)
target = 3 * x + 1
for _ in range(3):
    error = ((x * scales + bias - target) ** 2).mean()
    error.backward()
    with torch.no_grad():
        if scales.grad is not None:
            scales -= 0.1 * scales.grad
        bias -= 0.1 * bias.grad
        bias.grad = None
