# expect: nothing
import torch

yx = torch.tensor([[1.0, 0.0], [1.0, 0.0]], requires_grad=True)
heading = torch.atan2(yx[0], yx[1])
heading.sum().backward()
