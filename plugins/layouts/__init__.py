"""Layouts: pure functions from a networkx graph and the sizes of its boxes to positions."""

from .docking import dock
from .layered import Layout, layered, layered_layout
from .multipartite import multipartite

__all__ = ["Layout", "dock", "layered", "layered_layout", "multipartite"]
