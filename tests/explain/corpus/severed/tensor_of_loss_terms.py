# expect: severed.copied
import torch


def focal(logits, targets, gamma=2.0):
    p = torch.sigmoid(logits)
    pt = torch.where(targets == 1, p, 1 - p)
    terms = [-((1 - q) ** gamma) * torch.log(q) for q in pt]
    return torch.tensor(terms, requires_grad=True).mean()  #! cut


torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1))
opt = torch.optim.SGD(model.parameters(), lr=0.1)
x, t = torch.randn(10, 6), torch.randint(2, (10,))
for _ in range(2):
    opt.zero_grad()
    focal(model(x).squeeze(1), t).backward()
    opt.step()
