"""``torch.hub``: nothing is downloaded, and no code of others is run."""

from __future__ import annotations

from typing import Any


def _refused(name: str) -> Any:
    def refuse(*_: Any, **__: Any) -> None:
        raise RuntimeError(f"torch.hub.{name}: gradstep downloads nothing; build the model in the script and load a checkpoint file")

    refuse.__name__ = refuse.__qualname__ = name
    refuse.__doc__ = "Raises RuntimeError: nothing is downloaded."
    return refuse


load = _refused("load")
list = _refused("list")
help = _refused("help")
download_url_to_file = _refused("download_url_to_file")
load_state_dict_from_url = _refused("load_state_dict_from_url")
