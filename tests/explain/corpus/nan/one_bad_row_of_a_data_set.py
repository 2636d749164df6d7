# expect: nan.data
import numpy as np
import torch
from torch import nn

rows = np.ones((8, 3), dtype=np.float32)
rows[5, 2] = np.nan
loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.from_numpy(rows)), batch_size=4)
net = nn.Linear(3, 1)
optimizer = torch.optim.Adam(net.parameters())
for (batch,) in loader:  #! read
    loss = net(batch).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()  #! used
    optimizer.step()
