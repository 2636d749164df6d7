# expect: hook.type
import torch

weight = torch.ones(3, requires_grad=True)
seen = []


def remember(grad):  #! hook
    kept = grad.double()
    seen.append(kept)
    return kept


weight.register_hook(remember)
(weight * torch.arange(3.0)).sum().backward()  #! used
