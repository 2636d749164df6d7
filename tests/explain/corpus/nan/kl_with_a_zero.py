# expect: nan.zero-times-inf
import torch
from torch import nn

logits = nn.Parameter(torch.zeros(3))
target = torch.tensor([0.5, 0.5, 0.0])
q = torch.softmax(logits, 0)
loss = (target * (target.log() - q.log())).sum()  #! born #! overflow
loss.backward()  #! used
