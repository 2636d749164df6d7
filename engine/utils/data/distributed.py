"""``torch.utils.data.distributed``: the sampler for one of several processes."""

from .sampler import DistributedSampler

__all__ = ["DistributedSampler"]
