# expect: nan.pow-slope
# element: [1]
# operands: 0 0.5
import torch

x = torch.tensor([1.0, 0.0, 2.0], requires_grad=True)
y = x**0.5  #! born
y.sum().backward()  #! used
