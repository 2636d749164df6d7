# expect: nothing
import torch

theta = torch.randn(4, 4, requires_grad=True)
grid = torch.exp(theta)
grid = grid.clone()
block = grid[1:3]
column = block[:, 2:]
column[:] = 1.0
loss = grid.log().sum()
loss.backward()
