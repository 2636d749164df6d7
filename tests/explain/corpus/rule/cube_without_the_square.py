# expect: rule.value
import torch


class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):  #! forward
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, gradient):  #! backward
        (x,) = ctx.saved_tensors
        return gradient * 3 * x


x = torch.tensor([[0.5, -1.5], [2.0, 3.0]], requires_grad=True)
y = Cube.apply(x)  #! used
y.sum().backward()
