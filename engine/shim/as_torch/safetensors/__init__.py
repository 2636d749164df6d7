"""``import safetensors`` where the user chose this engine: the format is read into, and written from, this engine's tensors."""

from gradstep.engine.serialization.safetensors import SafetensorError, safe_open

__all__ = ["SafetensorError", "safe_open"]
