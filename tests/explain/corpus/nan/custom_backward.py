# expect: nan.custom-backward
# element: [1]
import torch


class SafeNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.abs()

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return gradient * x / x.abs()


x = torch.tensor([1.0, 0.0, -2.0], requires_grad=True)
y = SafeNorm.apply(x)  #! born
y.sum().backward()  #! used
