# expect: inplace.index-assignment
import torch
from torch import nn

cell = nn.GRUCell(4, 4)
readout = nn.Linear(4, 4)
outputs = torch.zeros(2, 3, 4)
hidden = torch.zeros(2, 4)
token = torch.zeros(2, 4)
for t in range(3):
    hidden = cell(token, hidden)
    outputs[:, t] = readout(hidden)  #! changed
    token = torch.sigmoid(outputs[:, t] * outputs[:, 0])  #! saved
loss = outputs.sum() + token.sum()
loss.backward()  #! used
