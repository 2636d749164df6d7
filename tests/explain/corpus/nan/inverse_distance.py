# expect: nan.division-by-zero
import torch

positions = torch.tensor([0.0, 1.0, 1.0], requires_grad=True)
gaps = positions[1:] - positions[:-1]
force = 1.0 / gaps  #! born
loss = force.sum()
loss.backward()  #! used
