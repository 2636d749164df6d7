# expect: nan.root-of-negative
# element: [0]
# operands: -0.5 1.5
import torch

w = torch.tensor([-0.5, 0.5], requires_grad=True)
energy = w**1.5  #! born
loss = energy.sum()
loss.backward()  #! used
