"""Values that the paused program sends."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradstep.engine.debug.protocol import Response


def array_of(response: Response) -> NDArray[Any]:
    """The slice in the answer to a ``value`` request."""
    body = response.body
    return np.frombuffer(response.raw, dtype=np.dtype(str(body["dtype"]))).reshape(body["slice_shape"])
