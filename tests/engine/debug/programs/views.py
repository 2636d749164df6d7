"""Changes in place of tensors and of views of them."""

import torch

torch.manual_seed(0)
x = torch.randn(4, 6, requires_grad=True)
y = x * 2
y[1:3, ::2].mul_(3)
y[0] = x[1] ** 2
v = y.t()
v.add_(x.t())
w = y.view(2, 12)[:, 3:7]
w.copy_(x[:2, :4])
z = (v.exp() + y.t()).clone()
z.sub_(0.5)
z.unsqueeze_(0).squeeze_(0)
z[:, 0].add_(1)
z.relu_()
a, b = z.split(3)
c = torch.cat([b, a]).unfold(0, 2, 1)
(c.sum() + x.diagonal().prod() + torch.as_strided(y, (2, 3), (6, 1)).sum() + y.flip(0).cumsum(0).mean()).backward()
