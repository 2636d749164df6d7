# expect: nan.empty
import torch
from torch import nn

net = nn.Linear(4, 1)
labels = torch.tensor([0, 0, 0])
out = net(torch.randn(3, 4)).squeeze(1)
positives = out[labels == 1]
loss = positives.mean() + out.pow(2).mean()  #! born
loss.backward()  #! used
