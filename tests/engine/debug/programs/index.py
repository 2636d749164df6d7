"""Reading and writing at places: index, gather, scatter, masks, sorting."""

import torch

torch.manual_seed(0)
x = torch.randn(5, 4, requires_grad=True)
i = torch.tensor([[0, 2, 1, 3], [3, 3, 0, 0]])
a = x.gather(0, i) * x[[0, 2, 2]][:2]
b = torch.zeros(5, 4).scatter_add(0, i, a).index_add(1, torch.tensor([1, 1, 3]), x[:, :3])
c = x.masked_select(x > 0).sum() + x[x < 0.1].pow(2).sum() + torch.where(x > 0, x, 0.1 * x).sum()
y = x.clone()
y[torch.tensor([1, 1]), torch.tensor([0, 2])] = torch.tensor([1.0, 2.0])
y.index_put_((torch.tensor([0, 0, 3]),), x[:3], accumulate=True)
values, places = y.sort(dim=1)
top = values.topk(2, dim=0)[0]
(
    b.sum() + c + top.sum() + y.max(dim=1)[0].sum() + y.amax(0).sum() + x.median() + torch.take(x, i).sum() + x.index_select(1, i[0]).sum()
).backward()
