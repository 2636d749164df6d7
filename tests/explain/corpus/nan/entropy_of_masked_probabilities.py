# expect: nan.zero-times-inf
import torch

torch.manual_seed(0)
logits = torch.randn(3, 5, requires_grad=True)
allowed = torch.tensor([[1, 1, 0, 0, 1], [1, 0, 1, 1, 0], [0, 0, 1, 1, 1]], dtype=torch.bool)
probabilities = logits.softmax(-1) * allowed
probabilities = probabilities / probabilities.sum(-1, keepdim=True)
entropy = -(probabilities * probabilities.log()).sum(-1).mean()  #! born
entropy.backward()
print(entropy.item(), logits.grad)
