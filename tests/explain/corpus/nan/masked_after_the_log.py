# expect: nan.masked-where
# element: [1]
# operands: 0 -inf
import torch

p = torch.tensor([0.5, 0.0, 0.25], requires_grad=True)
logs = torch.log(p)
loss = -(torch.where(p > 0, p * logs, torch.zeros_like(p))).sum()  #! born #! masked
loss.backward()  #! used
