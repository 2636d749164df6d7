import pytest

from gradstep.gui.categories import CATEGORIES, category_of

EXAMPLES = {
    "elementwise": "mul AddBackward0 sub exp LogBackward0 pow PowBackward1 sqrt abs clamp neg MulBackward0 maximum",
    "reduce": "sum MeanBackward1 SumBackward0 max amax var logsumexp prod cumsum LinalgVectorNormBackward0 norm",
    "shape": "view UnsafeViewBackward0 TBackward0 transpose PermuteBackward0 reshape expand cat stack clone squeeze",
    "linalg": "mm matmul AddmmBackward0 BmmBackward0 linear dot einsum linalg_inv cholesky",
    "conv": "conv2d ConvolutionBackward0 max_pool2d MaxPool2DWithIndicesBackward0 avg_pool2d pad",
    "norm": "layer_norm NativeLayerNormBackward0 batch_norm NativeBatchNormBackward0 group_norm",
    "activation": "relu ReluBackward0 gelu softmax SoftmaxBackward0 log_softmax LogSoftmaxBackward0 sigmoid tanh",
    "loss": "mse_loss MseLossBackward0 NllLossBackward0 nll_loss cross_entropy binary_cross_entropy",
    "index": "index IndexBackward0 gather embedding EmbeddingBackward0 masked_fill MaskedFillBackward0 where select SliceBackward0",
    "random": "dropout NativeDropoutBackward0 bernoulli normal randn",
    "leaf": "AccumulateGrad torch::autograd::AccumulateGrad",
}


@pytest.mark.parametrize(("category", "op"), [(category, op) for category, ops in EXAMPLES.items() for op in ops.split()])
def test_ops_are_sorted_into_the_family_that_their_users_expect(category: str, op: str):
    assert category_of(op) == category


def test_every_family_is_known():
    assert set(EXAMPLES) | {"custom"} == set(CATEGORIES)


def test_an_unknown_name_is_elementwise():
    assert category_of("frobnicate") == "elementwise"
    assert category_of("") == "elementwise"
