"""Example 4: changed in place.

A layer's result is normalised with the usual in-place shortcut, and backward() refuses to run.

What to find: the error names a version of a tensor. Which line kept that tensor for backward, and which line changed it? The
panel "Explanations" comes to the front with both; after the fix the script runs to its end.
"""

import torch

torch.manual_seed(0)

x = torch.randn(16, 4)
w = torch.randn(4, 3, requires_grad=True)

scores = (x @ w).exp()  # its derivative is its own result
total = scores.sum(dim=1, keepdim=True)
scores /= total
loss = -scores[:, 0].log().mean()
loss.backward()

print("gradient:", w.grad.norm())
