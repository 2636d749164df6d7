# expect: inplace.saved-output
import torch
import torch.nn.functional as F
from torch import nn

encoder = nn.Linear(5, 5)


def encode(x):
    h = torch.tanh(encoder(x))  #! saved
    return F.relu(h, inplace=True)  #! changed


loss = encode(torch.randn(3, 5)).sum()
loss.backward()  #! used
