# expect: severed.not-in-loss
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(5, 9), nn.Tanh())
        self.main = nn.Linear(9, 2)
        self.aux = nn.Linear(9, 2)

    def forward(self, x):
        h = self.trunk(x)
        return self.main(h), self.aux(h)


torch.manual_seed(0)
net = Net()
opt = torch.optim.SGD(net.parameters(), lr=0.1, weight_decay=1e-4)
for _ in range(3):
    x, y = torch.randn(3, 5), torch.randint(2, (3,))
    out, aux = net(x)
    loss = nn.functional.cross_entropy(out, y)
    aux_loss = nn.functional.cross_entropy(aux, y)  # forgotten in the sum
    opt.zero_grad()
    loss.backward()
    opt.step()
