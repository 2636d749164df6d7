# expect: nothing
import torch
from torch import nn

cell = nn.GRUCell(4, 4)
readout = nn.Linear(4, 4)
outputs = []
hidden = torch.zeros(2, 4)
token = torch.zeros(2, 4)
for t in range(3):
    hidden = cell(token, hidden)
    outputs.append(readout(hidden))
    token = torch.sigmoid(outputs[t] * outputs[0])
loss = torch.stack(outputs, 1).sum() + token.sum()
loss.backward()
