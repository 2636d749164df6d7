# expect: nan.inf-minus-inf
import torch
import torch.nn as nn


class Gaussian(nn.Module):
    def __init__(self):
        super().__init__()
        self.mean = nn.Linear(2, 1)
        self.scale = nn.Linear(2, 1)
        nn.init.zeros_(self.scale.weight)
        nn.init.zeros_(self.scale.bias)

    def forward(self, x):
        return self.mean(x), torch.relu(self.scale(x))


torch.manual_seed(0)
model = Gaussian()
optimizer = torch.optim.Adam(model.parameters())
x, y = torch.randn(8, 2), torch.randn(8, 1)
mean, scale = model(x)
loss = (torch.log(scale) + (y - mean) ** 2 / (2 * scale**2)).mean()  #! born
loss.backward()
optimizer.step()
