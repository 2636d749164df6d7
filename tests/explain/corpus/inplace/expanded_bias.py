# expect: inplace.overlapping
import torch

bias = torch.randn(3, requires_grad=True)
rows = (bias * 2).expand(4, 3)  #! made
rows += torch.randn(4, 3)  #! changed
rows.sum().backward()
