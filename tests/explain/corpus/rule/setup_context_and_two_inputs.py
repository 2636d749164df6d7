# expect: rule.value
# input: 1
import torch


class Ratio(torch.autograd.Function):
    @staticmethod
    def forward(a, b):  #! forward
        return a / b

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, g):  #! backward
        a, b = ctx.saved_tensors
        return g / b, -g * a / b


a = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
b = torch.tensor([2.0, 4.0, 0.5], requires_grad=True)
Ratio.apply(a, b).sum().backward()  #! used
