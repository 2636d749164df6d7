"""``torch.utils.data.dataloader``: the loader and what makes its batches, where older scripts look for them."""

from .collate import default_collate, default_convert
from .loader import DataLoader
from .workers import get_worker_info

__all__ = ["DataLoader", "default_collate", "default_convert", "get_worker_info"]
