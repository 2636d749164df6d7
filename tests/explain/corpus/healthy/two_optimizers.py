# expect: nothing
import torch
from torch import nn

embed, net = nn.Embedding(10, 4), nn.Linear(4, 3)
sparse_opt = torch.optim.SGD(embed.parameters(), lr=0.1)
dense_opt = torch.optim.AdamW(net.parameters(), lr=1e-2)
scheduler = torch.optim.lr_scheduler.StepLR(dense_opt, 2)
for _ in range(3):
    ids, y = torch.randint(0, 10, (6,)), torch.randint(0, 3, (6,))
    loss = nn.functional.cross_entropy(net(embed(ids)), y)
    for opt in (sparse_opt, dense_opt):
        opt.zero_grad()
    loss.backward()
    for opt in (sparse_opt, dense_opt):
        opt.step()
    scheduler.step()
