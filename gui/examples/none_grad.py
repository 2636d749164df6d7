"""Example 2: why is this gradient None?

An encoder and a classifier are trained together, and a scale is learnt beside them. After backward() the classifier has
gradients; the encoder and the scale have none.

What to find: the graph shows which parameters backward can reach. Where does the path to the encoder end? And why is the
scale no leaf, although it was made with requires_grad=True?
"""

import torch
from torch import nn

torch.manual_seed(0)

encoder = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3))
classifier = nn.Linear(3, 2)
scale = torch.ones(1, requires_grad=True) * 0.5


def features(x):
    """The encoder's features, brought to unit length."""
    h = encoder(x)
    length = h.detach().norm(dim=1, keepdim=True)
    return h.detach() / length  # meant to keep only the length out of the graph


x = torch.randn(5, 6)
target = torch.tensor([0, 1, 1, 0, 1])
logits = classifier(features(x)) * scale
loss = nn.functional.cross_entropy(logits, target)
loss.backward()

print("classifier:", classifier.weight.grad.norm())
print("encoder:   ", encoder[0].weight.grad)
print("scale:     ", scale.is_leaf, scale.grad_fn)
