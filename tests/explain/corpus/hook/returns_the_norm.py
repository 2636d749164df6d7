# expect: hook.no-tensor
import torch
from torch import nn

torch.manual_seed(0)
layer = nn.Linear(4, 2)
layer.weight.register_hook(lambda grad: grad.norm().item())  #! hook
layer(torch.randn(3, 4)).square().mean().backward()  #! used
