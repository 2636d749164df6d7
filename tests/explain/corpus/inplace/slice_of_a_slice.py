# expect: inplace.index-assignment
import torch

theta = torch.randn(4, 4, requires_grad=True)
grid = torch.exp(theta)  #! saved
block = grid[1:3]
column = block[:, 2:]
column[:] = 1.0  #! changed
loss = grid.log().sum()
loss.backward()  #! used
