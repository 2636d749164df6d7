# expect: hook.count
import torch

a = torch.ones(2, requires_grad=True)
b = torch.ones(2, requires_grad=True)
product = a * b
product.grad_fn.register_hook(lambda inputs, outputs: (inputs[0].clamp(max=0.5),))
product.sum().backward()  #! used
