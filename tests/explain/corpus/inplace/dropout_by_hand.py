# expect: inplace.saved-output
import torch


class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = torch.nn.Linear(10, 10)
        self.fc2 = torch.nn.Linear(10, 10)

    def forward(self, x):
        h = torch.sigmoid(self.fc1(x))  #! saved
        keep = (torch.rand_like(h) > 0.5).float() * 2
        h *= keep  #! changed
        return self.fc2(h)


torch.manual_seed(3)
net = Block()
opt = torch.optim.AdamW(net.parameters())
for x, y in [(torch.randn(4, 10), torch.randn(4, 10))]:
    opt.zero_grad(set_to_none=True)
    torch.nn.functional.smooth_l1_loss(net(x), y).backward()
    opt.step()
