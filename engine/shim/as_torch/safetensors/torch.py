"""``safetensors.torch`` for this engine's tensors."""

from gradstep.engine.serialization.safetensors import load, load_file, load_model, safe_open, save, save_file, save_model

__all__ = ["load", "load_file", "load_model", "safe_open", "save", "save_file", "save_model"]
