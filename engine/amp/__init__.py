"""``torch.amp``: mixed precision."""

from ..autocasting import autocast, is_autocast_available
from .functions import custom_bwd, custom_fwd
from .scaler import GradScaler

__all__ = ["GradScaler", "autocast", "custom_bwd", "custom_fwd", "is_autocast_available"]
