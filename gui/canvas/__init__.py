"""The graph canvas: one painted widget for a graph of any size."""

from .canvas import GraphCanvas
from .plan import plan
from .scene import Layout, LayoutFunction, Scene, arrange
from .sprites import measure
from .status import Look

__all__ = ["GraphCanvas", "Layout", "LayoutFunction", "Look", "Scene", "arrange", "measure", "plan"]
