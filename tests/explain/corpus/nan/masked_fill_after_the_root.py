# expect: nan.masked-where
# element: [0, 0]
# operands: 0
import torch
from torch import nn

points = nn.Parameter(torch.tensor([[0.0], [1.0], [3.0]]))
squares = (points - points.t()).pow(2)
distances = squares.sqrt()  #! born
eye = torch.eye(3, dtype=torch.bool)
energy = distances.masked_fill(eye, 0.0).sum()  #! masked
energy.backward()  #! used
