# expect: nan.masked-where
# element: [0]
import torch


def sinc(x):
    ratio = torch.sin(x) / x  #! born
    return torch.where(x == 0, torch.ones_like(x), ratio)  #! masked


x = torch.linspace(0, 1, 5, requires_grad=True)
sinc(x).sum().backward()  #! used
