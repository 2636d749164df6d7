# expect: nan.inf-by-inf
# element: [1]
# operands: inf inf
import torch
from torch import nn

scale = nn.Parameter(torch.tensor(1.0))
logits = torch.tensor([1.0, 100.0, 3.0]) * scale
exponentials = torch.exp(logits)  #! overflow
p = exponentials / exponentials.sum()  #! born
loss = -p[1].log()
loss.backward()  #! used
