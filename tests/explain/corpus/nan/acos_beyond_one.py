# expect: nan.domain
# element: [1]
# operands: 1.25
import torch

dots = torch.tensor([0.5, 1.25], requires_grad=True)
angles = torch.acos(dots)  #! born
angles.mean().backward()  #! used
