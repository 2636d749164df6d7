# expect: inplace.overwritten
import torch
from torch import nn

layer = nn.Linear(3, 3)
memory = torch.zeros(3)
loss = 0
for segment in torch.randn(2, 4, 3):
    for x in segment:
        memory = memory + layer(x)
    loss = loss + memory.norm()  #! saved
    memory.zero_()  #! changed
loss.backward()  #! used
