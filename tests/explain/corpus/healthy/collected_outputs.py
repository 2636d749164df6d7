# expect: nothing
import torch
from torch import nn

cell, readout = nn.LSTMCell(3, 5), nn.Linear(5, 3)
optimizer = torch.optim.Adam([*cell.parameters(), *readout.parameters()], lr=1e-2)
for sequence in torch.randn(2, 6, 4, 3):
    h, c = torch.zeros(4, 5), torch.zeros(4, 5)
    outputs = []
    buffer = torch.zeros(6, 4, 3)
    for t, x in enumerate(sequence):
        h, c = cell(x, (h, c))
        y = readout(h)
        outputs.append(y)
        buffer[t] = y
    loss = (torch.stack(outputs) - sequence).pow(2).mean() + buffer.abs().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
