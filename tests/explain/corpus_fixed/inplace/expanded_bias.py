# expect: nothing
import torch

bias = torch.randn(3, requires_grad=True)
rows = (bias * 2).expand(4, 3)
rows = rows + torch.randn(4, 3)
rows.sum().backward()
