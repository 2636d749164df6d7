# expect: severed.not-in-loss
import torch
from torch import nn


class TwoHeads(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Linear(4, 4)
        self.main = nn.Linear(4, 1)
        self.auxiliary = nn.Linear(4, 1)

    def forward(self, x):
        h = self.trunk(x).relu()
        return self.main(h), self.auxiliary(h)


net = TwoHeads()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
main, auxiliary = net(torch.randn(3, 4))
log = auxiliary.pow(2).mean()  #! ends
loss = main.pow(2).mean()
loss.backward()
optimizer.step()
print(loss.item(), log.item())
