"""Values that the paused program sends."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from gradstep.engine.debug.protocol import Response
from gradstep.engine.tape.elements import decoded


def array_of(response: Response) -> NDArray[Any]:
    """The slice in the answer to a ``value`` request, bfloat16 as float32."""
    body = response.body
    return decoded(response.raw, str(body["dtype"]), tuple(body["slice_shape"]))
